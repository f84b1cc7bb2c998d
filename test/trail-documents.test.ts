import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { realInToto, type TemporaryRepository, temporaryRepository } from '@rastro/testkit';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { cli } from './place.ts';
import { digest, releasable } from './released.ts';

/** What a release says about its model: the card, the bill of materials, the provenance, the changes. */
let work: TemporaryRepository;

const OWNER = `---
license: mit
tags: [telecom]
model-index: []
---
# Churn

For the retention team. <b>Ours</b>.

<!-- rastro:evidence -->
old
<!-- /rastro:evidence -->

## Limitations

Not for pricing.
`;

beforeAll(async () => {
  work = await temporaryRepository({ remote: true });
  await work.commit('Begin', { ...releasable([{ name: 'churn' }]), 'MODEL_CARD.md': OWNER });
  await work.push('main');
  await work.git('remote', 'set-head', 'origin', 'main');
});
afterAll(() => work?.dispose());

async function release(...more: string[]) {
  const args = ['release', '--github-release', 'false', '--json', ...more];
  const { exitCode, stdout, stderr } = await cli(work.directory, args);
  expect(exitCode, stderr).toBe(0);
  return JSON.parse(stdout);
}

const read = (path: string) => readFileSync(join(work.directory, path), 'utf8');

test('the model card has the owner’s words as they are, and the evidence between them', async () => {
  const { record } = await release();
  const card = read(record.files.card);
  const [, front, body] = /^---\n([\s\S]*?)\n---\n([\s\S]*)$/.exec(card)!;
  expect(parse(front!)).toMatchObject({
    license: 'mit',
    tags: ['telecom', 'onnx', 'rastro'],
    pipeline_tag: 'tabular-classification',
    'model-index': [
      {
        name: 'churn v1.0.0',
        results: [
          {
            task: { type: 'tabular-classification' },
            dataset: { name: 'rows' },
            metrics: [{ type: 'roc_auc', value: 0.9 }],
          },
        ],
      },
    ],
  });
  expect(body).toContain('For the retention team. <b>Ours</b>.');
  expect(body).toMatch(
    /## Evaluation[\s\S]*\| roc\\_auc \| 0\.9 \|[\s\S]*## Limitations\n\nNot for pricing\./,
  );
  expect(body).not.toContain('\nold\n');
  expect(body).toContain(digest('model churn'));
});

test('the bill of materials passes the published schema of CycloneDX 1.6', async () => {
  const { record } = await release();
  const schemas = createRequire(import.meta.url).resolve('@cyclonedx/cyclonedx-library/package.json');
  const schema = (name: string) =>
    JSON.parse(readFileSync(join(schemas, '../res/schema', `${name}.SNAPSHOT.schema.json`), 'utf8'));
  const ajv = new Ajv({ strict: false, allErrors: true });
  (addFormats as unknown as (ajv: Ajv) => void)(ajv);
  ajv.addFormat('iri-reference', true);
  ajv.addFormat('idn-email', true);
  for (const name of ['spdx', 'jsf-0.82'])
    ajv.addSchema(schema(name), `http://cyclonedx.org/schema/${name}.SNAPSHOT.schema.json`);
  const validate = ajv.compile(schema('bom-1.6'));
  const bom = JSON.parse(read(record.files.bom));
  expect(validate(bom), JSON.stringify(validate.errors)).toBe(true);
  expect(bom.metadata.component).toMatchObject({
    type: 'machine-learning-model',
    name: 'churn',
    version: 'v1.0.0',
    hashes: [{ alg: 'SHA-256', content: digest('model churn') }],
  });
  expect(bom.components[0]).toMatchObject({ type: 'data', name: 'data/rows.csv' });
  expect(validate({ ...bom, bomFormat: 'Other' })).toBe(false);
});

test('the provenance names the file, the command, and everything that training read', async () => {
  const { record } = await release();
  const statement = JSON.parse(read(record.files.provenance));
  expect(statement).toMatchObject({
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: 'churn.onnx', digest: { sha256: digest('model churn') } }],
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: { buildDefinition: { externalParameters: { builtin: 'linear', seed: 7 } } },
  });
  const { resolvedDependencies } = statement.predicate.buildDefinition;
  expect(resolvedDependencies[0].digest.gitCommit).toBe(record.commit);
  expect(resolvedDependencies[1]).toEqual({
    name: 'data/rows.csv',
    digest: { sha256: digest('x,y\n1,0\n2,1\n') },
  });
});

test('in-toto’s own bindings read the provenance and every entry of the trail', async (context) => {
  const python = realInToto();
  if (!python) return context.skip();
  const { record } = await release();
  const provenance = JSON.parse(read(record.files.provenance));
  const paths = (await work.git('ls-tree', '-r', '--name-only', 'refs/rastro/trail')).split('\n');
  const entries = await Promise.all(paths.map((path) => work.git('show', `refs/rastro/trail:${path}`)));
  expect(paths).toHaveLength(4);
  const faults = (statements: readonly unknown[]) =>
    execFileSync(python, [join(import.meta.dirname, 'in-toto.py')], {
      input: statements.map((statement) => JSON.stringify(statement)).join('\n'),
      encoding: 'utf8',
    })
      .split('\n')
      .flatMap((line) => /^\d+/.exec(line)?.[0] ?? []);
  expect(faults([provenance, ...entries.map((text) => JSON.parse(text))])).toEqual([]);
  const { predicate } = provenance;
  const { builder: _, ...nobody } = predicate.runDetails;
  const broken = [
    { ...provenance, _type: 'https://in-toto.io/Statement/v0.1' },
    { ...provenance, subject: [] },
    { ...provenance, extra: 1 },
    { ...provenance, predicate: { ...predicate, builder: {} } },
    { ...provenance, predicate: { ...predicate, runDetails: nobody } },
  ];
  expect(faults(broken)).toEqual(['0', '1', '2', '3', '4']);
});

test('run again, every document has the same bytes', async () => {
  const first = await release();
  const before = Object.values(first.record.files).map((path) => read(String(path)));
  const second = await release();
  expect(second.record).toMatchObject({ status: 'existing', version: 'v1.0.0' });
  expect(Object.values(second.record.files).map((path) => read(String(path)))).toEqual(before);
});

test('the next version tells what changed in data, parameters and metrics', async () => {
  const next = { name: 'churn', bytes: 'next', auc: 0.93, params: { depth: 3 }, rows: 'x,y\n1,1\n2,0\n' };
  const words = `${OWNER.replace('telecom', 'mobile')}Nor for churn of employees.\n`;
  await work.commit('Train', { ...releasable([next]), 'MODEL_CARD.md': words });
  const { record, reports } = await release();
  expect(record).toMatchObject({ status: 'released', version: 'v1.1.0' });
  const changes = JSON.stringify(reports[0].sections.find(({ id }: { id: string }) => id === 'changes'));
  expect(changes).toContain('Changes since v1.0.0');
  expect(changes).toContain('training file data/rows.csv changed');
  expect(changes).toContain('depth was not set and is 3');
  expect(changes).toContain('+0.030');
  const card = read(record.files.card);
  expect(card, 'the owner’s words of today, with the evidence of today between them').toMatch(
    /^---\nlicense: mit\ntags:\n {2}- mobile\n {2}- onnx\n {2}- rastro\n[\s\S]*name: churn v1\.1\.0\n[\s\S]*# Churn\n\nFor the retention team\. <b>Ours<\/b>\.\n\n<!-- rastro:evidence -->\n[\s\S]*\| 0\.93 \|[\s\S]*<!-- \/rastro:evidence -->\n\n## Limitations\n\nNot for pricing\.\nNor for churn of employees\.\n$/,
  );
  expect(card.match(/rastro:evidence/g)).toHaveLength(2);
  expect(card).not.toContain(digest('model churn'));
});

test('where the remote is not on GitHub, a release is a tag, its entries, and documents in a folder that is named', async () => {
  const told = await cli(work.directory, ['release']);
  expect(told.exitCode, told.stderr).toBe(0);
  expect(told.stdout.replaceAll(/\s+/g, ' ')).toMatch(
    /is in \.rastro\/release\/churn@v1\.\d\.0\. There is no GitHub release, as the remote is not on GitHub/,
  );
});

test.each([
  'https://github.com/acme/churn.git',
  'git@github.com:acme/churn.git',
  'ssh://git@GitHub.com/acme/churn.git',
])('without a token there is no release at GitHub, and none is made by halves: %s', async (url) => {
  const local = await work.git('remote', 'get-url', 'origin');
  await work.git('remote', 'set-url', 'origin', url);
  const { exitCode, stderr } = await cli(work.directory, ['release']);
  await work.git('remote', 'set-url', 'origin', local);
  expect(exitCode).toBe(2);
  expect(stderr).toContain('[token-missing]');
});

test('a card whose front matter is not YAML is told at its line, before anything is tagged', async () => {
  await work.write({ 'MODEL_CARD.md': '---\nlicense: mit\ntags: [telecom\n---\n# Churn\n' });
  const before = await work.git('ls-remote', 'origin');
  const { exitCode, stderr } = await cli(work.directory, ['release', '--version', 'v9.0.0']);
  await work.write({ 'MODEL_CARD.md': OWNER });
  expect(exitCode, stderr).toBe(2);
  expect(stderr).toMatch(/MODEL_CARD\.md:[34]/);
  expect(await work.git('ls-remote', 'origin')).toBe(before);
});

test('a release whose evaluation record is not in its commit says that the trail alone vouches for the metrics', async () => {
  const [path, next] = ['metrics/churn.json', { name: 'churn', bytes: 'unkept', auc: 0.94 }];
  const files = releasable([next]);
  await work.commit('Train', files);
  const warned = async () => (await release('--dry-run')).reports[0].findings;
  expect(await warned()).toEqual([]);
  await work.write({ [path]: String(files[path]).replace('0.94', '0.95') });
  expect(await warned()).toMatchObject([
    { severity: 'notice', file: path, message: expect.stringContaining('holds another evaluation record') },
  ]);
  await work.git('rm', '--quiet', '--cached', path);
  await work.git('commit', '--quiet', '--message', 'Keep no record');
  expect(await warned()).toMatchObject([{ message: expect.stringContaining('holds no evaluation record') }]);
});

test('a version that is taken is refused for another file', async () => {
  await work.commit('Train', releasable([{ name: 'churn', bytes: 'third' }]));
  const { exitCode, stderr } = await cli(work.directory, [
    'release',
    '--github-release',
    'false',
    '--version',
    'v1.1.0',
  ]);
  expect(exitCode).toBe(2);
  expect(stderr).toContain('[version-taken]');
});

test('a file whose version was withdrawn is not released again by that number, but under one that is asked for', async () => {
  expect((await release()).record).toMatchObject({ status: 'released', version: 'v1.2.0' });
  const gone = await cli(work.directory, ['deregister', 'churn', 'v1.2.0', '--reason', 'leaky']);
  expect(gone.exitCode, gone.stderr).toBe(0);
  for (const args of [[], ['--version', 'v1.2.0']]) {
    const { exitCode, stdout } = await cli(work.directory, ['release', '--github-release', 'false', ...args]);
    expect(exitCode, stdout).toBe(1);
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(
      'churn is not released: this file was withdrawn (churn v1.2.0 is deregistered: leaky); train another one, or give this one a version of its own',
    );
  }
  expect((await release('--version', 'v1.3.0')).record).toMatchObject({ status: 'released' });
  expect((await release()).record).toMatchObject({ status: 'existing', version: 'v1.3.0' });
});

test('a tag that an interrupted release left at the remote alone is in the clone after the next run', async () => {
  await work.git('tag', '--delete', 'churn@v1.3.0');
  await release('--dry-run');
  expect(await work.git('tag', '--list', 'churn@v1.3.0')).toBe('');
  await release();
  expect(await work.git('cat-file', '-t', 'churn@v1.3.0')).toBe('tag');
  await work.git('tag', '--force', 'churn@v1.3.0', 'HEAD');
  await release();
  expect(await work.git('cat-file', '-t', 'churn@v1.3.0'), 'a tag of that name is left').toBe('commit');
});
