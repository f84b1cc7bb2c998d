import { createHash } from 'node:crypto';
import { type TemporaryRepository, temporaryRepository } from '@rastro/testkit';
import {
  audit,
  type ChainEnd,
  commitMessage,
  encodeEntry,
  entryPath,
  nextEntry,
  type TrailEvent,
  trailTrailer,
  verifyChain,
} from '@rastro/trail';
import type { Repository } from '@rastro/usecases';
import { expect, test } from 'vitest';
import { openRepository } from '../src/index.ts';

const author = { name: 'Ada Example', email: 'ada@example.com' };
const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex');
const MODEL = sha256('model');
const DATA = { path: 'train.csv', sha256: sha256('rows') };
const POLICY = 'version: 1\nstages: { prod: { from: [candidate], data_contract: pass } }\n';
const at = 1767225600;

/** A repository whose trail leads from checked data to a release, in real commits and a real tag. */
async function released(): Promise<{ work: TemporaryRepository; repository: Repository; tagObject: string }> {
  const work = await temporaryRepository({ files: { 'rastro.policy.yaml': POLICY } });
  const repository = await openRepository(work.directory);
  const repositoryId = await repository.rootCommit();
  const code = await repository.head();
  let end: ChainEnd;
  let head: string | undefined;
  const append = async (event: TrailEvent, tags: { name: string; objectId: string }[] = []) => {
    const recordedBy = { login: 'ada', id: 1 };
    const entry = nextEntry(end, { ...event, repositoryId, recordedAt: '2026-01-01T00:00:00Z', recordedBy });
    const content = encodeEntry(entry);
    const message = commitMessage(entry, sha256(content));
    const result = await repository.appendTrail({
      head,
      entries: [{ path: entryPath(entry), content, message }],
      tags,
      author,
      at,
    });
    if (result.status !== 'accepted') throw new Error('rejected');
    head = result.head;
    end = { seq: entry.seq, sha256: sha256(content) };
  };
  await append({
    kind: 'data-check',
    event: {
      dataset: 'train',
      files: [DATA],
      contract: { path: 'contracts/train.yaml', sha256: sha256('contract') },
      verdict: 'pass',
      findings: { error: 0, warning: 0, notice: 0 },
    },
  });
  await append({
    kind: 'train',
    event: {
      model: 'churn',
      sha256: MODEL,
      code,
      data: [DATA],
      params: {},
      seed: 0,
      how: { builtin: 'linear' },
      environment: {},
    },
  });
  const tagObject = await repository.makeTagObject({
    name: 'churn@v1.0.0',
    target: code,
    message: `churn v1.0.0\n\n${trailTrailer(head ?? '')}`,
    tagger: author,
    taggedAt: at,
  });
  await append(
    {
      kind: 'release',
      event: {
        model: 'churn',
        version: 'v1.0.0',
        sha256: MODEL,
        commit: code,
        tag: 'churn@v1.0.0',
        tagObject,
        recordSha256: null,
      },
    },
    [{ name: 'churn@v1.0.0', objectId: tagObject }],
  );
  const rule = { passed: true, waived: false, evidence: '' };
  const stage = { name: 'churn#prod#1', target: code, message: 'churn v1.0.0 is prod' };
  const stageTag = await repository.makeTagObject({ ...stage, tagger: author, taggedAt: at });
  await append(
    {
      kind: 'promote',
      event: {
        model: 'churn',
        version: 'v1.0.0',
        sha256: MODEL,
        stage: 'prod',
        policy: {
          commit: code,
          path: 'rastro.policy.yaml',
          blob: await work.git('rev-parse', `${code}:rastro.policy.yaml`),
          sha256: sha256(POLICY),
        },
        recordSha256: null,
        author: null,
        actor: { login: 'ada', id: 1 },
        approvals: [],
        rules: [
          { ...rule, rule: 'who', expected: 'whoever can push', actual: 'ada (1)' },
          { ...rule, rule: 'from', expected: 'candidate', actual: 'candidate' },
          { ...rule, rule: 'data_contract', expected: 'pass', actual: 'pass' },
        ],
        allowed: true,
        replaces: null,
        tag: stage.name,
        tagObject: stageTag,
      },
    },
    [{ name: stage.name, objectId: stageTag }],
  );
  await append({
    kind: 'deploy',
    event: {
      model: 'churn',
      version: 'v1.0.0',
      sha256: MODEL,
      environment: 'prod',
      target: 'local',
      url: null,
      outcome: 'success',
      run: null,
    },
  });
  return { work, repository, tagObject };
}

async function auditOf(repository: Repository) {
  const head = await repository.trailHead();
  const { status, steps } = await audit({
    model: 'churn',
    environment: 'prod',
    commits: head === undefined ? [] : await repository.trail(head),
    repositoryId: await repository.rootCommit(),
    crypto: { sha256, digest: () => new Uint8Array(), verify: () => false },
    reader: {
      policies: (commits) =>
        repository.readFiles(commits.map((commit) => ({ commit, path: 'rastro.policy.yaml' }))),
      tags: () => repository.tags(),
      async whereAre(commits) {
        const places = await repository.placesOf(commits, await repository.head());
        return new Map(
          [...places].map(([commit, place]) => [commit, place === 'absent' ? place : 'protected']),
        );
      },
      leadTo: async () => true,
      evaluation: async () => undefined,
    },
  });
  return { status, bad: steps.filter((step) => step.status === 'violated' || step.status === 'unprovable') };
}

/** Names of the faults of a trail that ends in a commit. */
async function faultsOf(repository: Repository, head: string): Promise<string[]> {
  const { faults } = verifyChain({
    commits: await repository.trail(head),
    sha256,
    repositoryId: await repository.rootCommit(),
  });
  return [...new Set(faults.map(({ code }) => code))];
}

/** Makes the trail anew from some of its commits, in another order if need be. */
async function rewrite(work: TemporaryRepository, commits: readonly string[]): Promise<string> {
  await work.git('checkout', '--quiet', '--detach', commits[0] ?? '');
  for (const commit of commits.slice(1)) {
    await work.git('cherry-pick', '--allow-empty', '-Xtheirs', commit);
  }
  return work.git('rev-parse', 'HEAD');
}

test('a release in real commits and a real tag is verified from the repository alone', async () => {
  const { work, repository } = await released();
  expect(await auditOf(repository)).toEqual({ status: 'verified', bad: [] });
  await work.dispose();
});

test('a swapped tag is named, and so is a lightweight one in its place', async () => {
  const { work, repository, tagObject } = await released();
  await work.tag('churn@v1.0.0-copy', { message: 'other' });
  await work.git('update-ref', 'refs/tags/churn@v1.0.0', 'refs/tags/churn@v1.0.0-copy');
  expect((await auditOf(repository)).bad).toMatchObject([{ step: 'tags', status: 'violated' }]);
  await work.git('update-ref', 'refs/tags/churn@v1.0.0', 'HEAD');
  expect((await auditOf(repository)).bad).toMatchObject([{ step: 'tags', status: 'unprovable' }]);
  await work.git('update-ref', 'refs/tags/churn@v1.0.0', tagObject);
  expect((await auditOf(repository)).bad).toEqual([]);

  const stageTag = await work.git('rev-parse', 'refs/tags/churn#prod#1');
  await work.git('update-ref', 'refs/tags/churn#prod#1', 'refs/tags/churn@v1.0.0-copy');
  expect((await auditOf(repository)).bad).toMatchObject([{ step: 'tags', status: 'violated' }]);
  await work.git('update-ref', 'refs/tags/churn#prod#1', stageTag);
  const later = await work.commit('Another model');
  await work.tag('churn@v1.1.0', { message: 'Release' });
  await work.tag('churn#prod#2', { message: 'Promoted by hand' });
  expect((await auditOf(repository)).bad).toMatchObject([
    { step: 'tags', status: 'violated', sentence: expect.stringContaining('churn#prod#2') },
  ]);
  await work.git('tag', '-d', 'churn#prod#2');
  expect((await auditOf(repository)).bad, later).toEqual([]);
  await work.dispose();
});

test('an edited, dropped, moved or merged entry is named in real commits', async () => {
  const { work, repository } = await released();
  const head = (await repository.trailHead()) ?? '';
  const commits = (await repository.trail(head)).map(({ commit }) => commit);
  const [first = '', second = '', third = '', ...rest] = commits;
  expect(await faultsOf(repository, head)).toEqual([]);

  const dropped = await rewrite(work, [first, third, ...rest]);
  expect(await faultsOf(repository, dropped)).toEqual(
    expect.arrayContaining(['wrong-seq', 'wrong-previous']),
  );
  const moved = await rewrite(work, [first, third, second, ...rest]);
  expect(await faultsOf(repository, moved)).toEqual(expect.arrayContaining(['wrong-seq', 'wrong-previous']));

  await work.git('checkout', '--quiet', '--detach', head);
  const edited = await work.commit('Correct the record', { 'entries/00000/00000001-train.json': '{}\n' });
  expect(await faultsOf(repository, edited)).toEqual(
    expect.arrayContaining(['changed-file', 'not-one-file']),
  );

  await work.git('checkout', '--quiet', '--detach', head);
  await work.git('rm', '--quiet', 'entries/00000/00000001-train.json');
  const removed = await work.commit('Remove');
  expect(await faultsOf(repository, removed)).toEqual(expect.arrayContaining(['changed-file']));

  await work.git('checkout', '--quiet', '--detach', head);
  await work.git('merge', '--quiet', '--allow-unrelated-histories', '-m', 'Merge', 'main');
  expect(await faultsOf(repository, await work.git('rev-parse', 'HEAD'))).toEqual(
    expect.arrayContaining(['wrong-parent']),
  );

  // A link that is named like an entry and holds its text is none, nor is another repository's commit in its place.
  for (const mode of ['120000', '160000']) {
    await work.git('checkout', '--quiet', '--force', '--detach', commits.at(-2) ?? '');
    const path = 'entries/00000/00000004-deploy.json';
    const object = mode === '160000' ? head : await work.git('rev-parse', `${head}:${path}`);
    await work.git('update-index', '--add', '--cacheinfo', `${mode},${object},${path}`);
    const message = await work.git('log', '-1', '--format=%B', head);
    await work.git('commit', '--quiet', '-m', message);
    expect(await faultsOf(repository, await work.git('rev-parse', 'HEAD'))).toEqual(
      expect.arrayContaining(['changed-file', 'not-one-file']),
    );
  }
  await work.dispose();
});
