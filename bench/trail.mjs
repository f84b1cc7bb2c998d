/**
 * How long an offline audit takes on a long trail, reading from Git included.
 *
 *   node bench/trail.mjs [entries]        default 10,000: about 15 MB in a temporary folder
 *
 * The trail ends in a version that is released, promoted and deployed, so that every step of the audit has its work. Build first.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openRepository } from '../packages/git/lib/index.js';
import { trailCrypto } from '../packages/host/lib/index.js';
import { writeRecord } from '../packages/metrics/lib/index.js';
import { evaluatePolicy, readPolicy } from '../packages/registry/lib/index.js';
import {
  audit,
  commitMessage,
  encodeEntry,
  entryPath,
  gateEvidence,
  nextEntry,
} from '../packages/trail/lib/index.js';
import { auditReader } from '../packages/usecases/lib/audit-reader.js';
import { statedOf } from '../packages/usecases/lib/evidence.js';

const ENTRIES = Number(process.argv[2] ?? 10_000);
const ROUNDS = 5;
const POLICY = `version: 1
stages:
  prod: { from: [candidate], data_contract: pass, evaluation: { metrics: { auc: { min: 0.8, max_drop_vs_stage: 0.01 } } } }
`;
const START = Date.UTC(2026, 0, 1) / 1000;
const sha256 = (content) => createHash('sha256').update(content).digest('hex');
const directory = mkdtempSync(join(tmpdir(), 'rastro-bench-'));
const git = (args, input) =>
  execFileSync('git', args, {
    cwd: directory,
    encoding: 'utf8',
    input,
    maxBuffer: 1e9,
    env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' },
  }).trim();

try {
  await build();
  const times = [];
  for (let round = 0; round < ROUNDS; round++) times.push(await once());
  const median = (name) => times.map((each) => each[name]).sort((a, b) => a - b)[ROUNDS >> 1];
  const cli = fileURLToPath(new URL('../actions/_bundle/dist/cli.js', import.meta.url));
  const whole = [];
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now();
    const { status, stderr } = spawnSync(process.execPath, [cli, 'audit', 'churn', 'prod'], {
      cwd: directory,
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`audit ended with ${status}: ${stderr}`);
    whole.push(performance.now() - started);
  }
  whole.sort((a, b) => a - b);
  const seconds = (milliseconds) => `${(milliseconds / 1000).toFixed(2)} s`;
  console.log(`${ENTRIES} entries, median of ${ROUNDS}:`);
  console.log(`  reading the trail from Git  ${seconds(median('reading'))}`);
  console.log(`  the audit itself            ${seconds(median('auditing'))}`);
  console.log(`  both                        ${seconds(median('both'))}`);
  console.log(`  rastro audit churn prod     ${seconds(whole[ROUNDS >> 1])}, with the start of the program`);
} finally {
  rmSync(directory, { recursive: true, force: true });
}

async function once() {
  const repository = await openRepository(directory, { offline: true });
  const started = performance.now();
  const commits = await repository.trail(await repository.trailHead());
  const read = performance.now();
  const { status, steps } = await audit({
    model: 'churn',
    environment: 'prod',
    commits,
    repositoryId: await repository.rootCommit(),
    crypto: trailCrypto,
    reader: auditReader(repository),
  });
  if (status !== 'verified') throw new Error(JSON.stringify(steps, null, 2));
  const ended = performance.now();
  return { reading: read - started, auditing: ended - read, both: ended - started };
}

/** Writes the repository with its trail in one stream to git fast-import. */
async function build() {
  git(['init', '--quiet', '--initial-branch=main']);
  git(['config', 'user.name', 'Ada']);
  git(['config', 'user.email', 'ada@example.com']);
  writeFileSync(join(directory, 'rastro.policy.yaml'), POLICY);
  const record = recordOf(sha256('churn'));
  mkdirSync(join(directory, 'metrics'));
  writeFileSync(join(directory, 'metrics/churn.json'), writeRecord(record));
  git(['add', '.']);
  git(['commit', '--quiet', '-m', 'Begin']);
  const code = git(['rev-parse', 'HEAD']);
  const tagged = (name) => {
    const header = `object ${code}\ntype commit\ntag ${name}\ntagger Ada <ada@example.com> ${START} +0000`;
    const id = git(['mktag'], `${header}\n\n${name}\n`);
    git(['update-ref', `refs/tags/${name}`, id]);
    return id;
  };
  const tagObject = tagged('churn@v1.0.0');
  const blob = git(['rev-parse', 'HEAD:rastro.policy.yaml']);
  const by = { login: 'ada', id: 1 };
  const chain = [];
  const stream = [];
  let end;
  const add = (kind, event) => {
    const at = START + chain.length * 60;
    const recordedAt = `${new Date(at * 1000).toISOString().slice(0, 19)}Z`;
    const entry = nextEntry(end, { kind, event, repositoryId: code, recordedAt, recordedBy: by });
    const content = encodeEntry(entry);
    const digest = sha256(content);
    end = { seq: entry.seq, sha256: digest };
    chain.push({ entry, commit: '', sha256: digest, envelope: null });
    const data = (text) => `data ${Buffer.byteLength(text)}\n${text}\n`;
    const person = `Ada <ada@example.com> ${at} +0000`;
    stream.push(
      `commit refs/heads/rastro/trail\nauthor ${person}\ncommitter ${person}\n${data(commitMessage(entry, digest))}`,
      `M 100644 inline ${entryPath(entry)}\n${data(content)}\n`,
    );
    return recordedAt;
  };
  const data = [{ path: 'data/rows.csv', sha256: sha256('rows') }];
  const evaluation = (model, file, auc) => ({
    model,
    sha256: file,
    recordSha256: sha256(`record of ${file}`),
    metrics: { auc, log_loss: 0.3 },
    goals: { auc: 'max', log_loss: 'min' },
    slices: { region: { north: { auc }, south: { auc } } },
    data,
    evaluatedAt: '2026-01-01T00:00:00Z',
  });
  for (let entry = 0; entry < ENTRIES - 7; entry++) {
    const model = `model-${entry % 50}`;
    add('evaluate', evaluation(model, sha256(`${model} ${entry}`), 0.8 + (entry % 100) / 1000));
  }
  const file = sha256('churn');
  add('data-check', {
    dataset: 'rows',
    files: data,
    contract: { path: 'contracts/rows.yaml', sha256: sha256('contract') },
    verdict: 'pass',
    findings: { error: 0, warning: 0, notice: 0 },
  });
  add('train', {
    model: 'churn',
    sha256: file,
    code,
    data,
    params: {},
    seed: 7,
    how: { builtin: 'linear' },
    environment: {},
  });
  const recorded = { recordSha256: sha256(writeRecord(record)), ...statedOf(record) };
  const evaluated = { ...evaluation('churn', file, 0.9), ...recorded };
  add('evaluate', evaluated);
  const { recordSha256 } = evaluated;
  const version = 'v1.0.0';
  add('release', {
    model: 'churn',
    version,
    sha256: file,
    commit: code,
    tag: 'churn@v1.0.0',
    tagObject,
    recordSha256,
  });
  const question = {
    model: 'churn',
    version,
    sha256: file,
    stage: 'prod',
    recordSha256,
    actor: by,
    author: by,
    approvals: [],
  };
  const at = `${new Date((START + chain.length * 60) * 1000).toISOString().slice(0, 19)}Z`;
  const { request, evidence } = gateEvidence(chain, {
    ...question,
    rollback: false,
    isSigned: () => false,
    at,
  });
  const { rules } = evaluatePolicy({ policy: readPolicy(POLICY).value, stage: 'prod', request, evidence });
  const policy = { commit: code, path: 'rastro.policy.yaml', blob, sha256: sha256(POLICY) };
  const decision = { ...question, policy, rules, allowed: true, replaces: null };
  add('gate', decision);
  add('promote', { ...decision, tag: 'churn#prod#1', tagObject: tagged('churn#prod#1') });
  add('deploy', {
    model: 'churn',
    version,
    sha256: file,
    environment: 'prod',
    target: 'local',
    url: null,
    outcome: 'success',
    run: null,
  });
  git(['fast-import', '--quiet'], stream.join(''));
}

/** The evaluation record of the released model, as the commit holds it. */
function recordOf(file) {
  const measured = (value, goal) => ({ value, low: null, high: null, goal });
  return {
    schema: 'rastro/evaluation/v1',
    model: { name: 'churn', sha256: file, size: 5 },
    data: { name: 'rows', files: [{ path: 'data/rows.csv', sha256: sha256('rows') }], rows: 2 },
    evaluator: { name: 'rastro', version: '0.1.0', versions: {} },
    params: {},
    evaluation: {
      task: 'binary',
      rows: 2,
      seed: 0,
      resamples: 0,
      confidence: 0.95,
      interval: 'percentile',
      classes: ['0', '1'],
      positive: '1',
      metrics: { auc: measured(0.9, 'max'), log_loss: measured(0.3, 'min') },
      slices: [],
    },
  };
}
