import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { openRepository } from '@rastro/git';
import { evaluatePolicy, readPolicy } from '@rastro/registry';
import { serveGit, temporaryRepository } from '@rastro/testkit';
import { gateEvidence, modelState, verifyChain } from '@rastro/trail';
import { expect, test } from 'vitest';
import { digest, releasable } from './released.ts';

/** Writers at once; the promise is made for 64, which takes minutes on a small machine. */
const WRITERS = Number(process.env.RASTRO_RACE_WRITERS ?? 6);

const POLICY = `version: 1
stages:
  prod:
    from: [candidate]
    data_contract: pass
    evaluation:
      metrics: { roc_auc: { min: 0.5, max_drop_vs_stage: 0 } }
`;

/** A metric of its own for each writer, so that whether one may be promoted depends on who was before it. */
const aucOf = (writer: number) => 0.5 + ((writer * 37) % WRITERS) / (4 * WRITERS);

test(`${WRITERS} processes release and promote at once: each entry once, one chain, no promotion that its policy forbids`, async () => {
  await using work = await temporaryRepository({
    remote: true,
    files: { ...releasable([{ name: 'churn' }]), 'rastro.policy.yaml': POLICY },
  });
  await work.push('main');
  const backend = await serveGit(dirname(work.remote!));
  const racers: Racer[] = [];
  try {
    for (let writer = 0; writer < WRITERS; writer++) {
      const clone = await work.clone({ from: `${backend.url}/${basename(work.remote!)}` });
      const bytes = `model ${writer}`;
      await clone.commit(`Train ${writer}`, releasable([{ name: 'churn', bytes, auc: aucOf(writer) }]));
      racers.push(startRacer(clone.directory, `writer-${writer}`));
    }
    await Promise.all(racers.map(({ ready }) => ready));
    for (const { child } of racers) child.stdin!.write('go\n');
    const results = await Promise.all(racers.map(({ result }) => result));

    const git = await openRepository(work.directory);
    const head = await git.trailHead();
    const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
    const { entries, faults } = verifyChain({
      commits: await git.trail(head!),
      sha256,
      repositoryId: await git.rootCommit(),
    });
    expect(faults).toEqual([]);

    const releases = entries.flatMap(({ entry }) => (entry.kind === 'release' ? [entry.event] : []));
    expect(releases.map((event) => event.sha256).sort()).toEqual(
      racers.map((_, writer) => digest(`model ${writer}`)).sort(),
    );
    expect(new Set(releases.map(({ version }) => version)).size).toBe(WRITERS);
    for (const { version, sha256: file } of results)
      expect(releases.filter((event) => event.version === version && event.sha256 === file)).toHaveLength(1);
    for (const kind of ['train', 'evaluate'])
      expect(entries.filter(({ entry }) => entry.kind === kind)).toHaveLength(WRITERS);

    const promoted = entries.flatMap(({ entry }) => (entry.kind === 'promote' ? [entry.event.version] : []));
    expect([...promoted].sort()).toEqual(
      results
        .filter(({ moved }) => moved === 'promoted')
        .map(({ version }) => version)
        .sort(),
    );
    const { value: policy } = readPolicy(POLICY);
    for (const { entry } of entries) {
      if (entry.kind !== 'promote') continue;
      const before = entries.filter((other) => other.entry.seq < entry.seq);
      const { request, evidence } = gateEvidence(before, {
        ...entry.event,
        rollback: false,
        isSigned: () => false,
        at: entry.recordedAt,
      });
      const verdict = evaluatePolicy({ policy, stage: 'prod', request, evidence });
      expect(verdict.allowed, JSON.stringify(verdict.rules)).toBe(true);
      expect(entry.event.replaces).toBe(modelState(before, 'churn').stages.get('prod')?.version ?? null);
    }
    // A writer that was denied was worse than who held the stage by then; the best one ends up there.
    const best = Math.max(...racers.map((_, writer) => aucOf(writer)));
    const holder = modelState(entries, 'churn').stages.get('prod')!;
    expect(holder.sha256).toBe(digest(`model ${racers.findIndex((_, writer) => aucOf(writer) === best)}`));
    const tags = (await git.tags()).map(({ name }) => name);
    expect(tags.filter((name) => name.startsWith('churn@'))).toHaveLength(WRITERS);
    expect(tags.filter((name) => name.startsWith('churn#prod#'))).toHaveLength(promoted.length);
  } finally {
    for (const { child } of racers) child.kill();
    await backend.stop();
  }
}, 2_700_000);

interface Racer {
  readonly child: ChildProcess;
  readonly ready: Promise<void>;
  readonly result: Promise<{ version: string; sha256: string; moved: string }>;
}

function startRacer(directory: string, name: string): Racer {
  const script = join(import.meta.dirname, 'trail-racer.ts');
  const child = spawn(process.execPath, [script, directory, name], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' },
  });
  let told = '';
  child.stderr.on('data', (chunk) => {
    told += chunk;
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${name} ended early: ${told}`);
    return value as string;
  };
  const ready = next().then(() => undefined);
  return { child, ready, result: ready.then(next).then((line) => JSON.parse(line)) };
}
