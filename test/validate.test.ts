import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ActionRun, realPart } from '@rastro/testkit';
import { parse as parseJunit } from 'junit2json';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { cli, type Place, startPlace } from './place.ts';

const CONTRACT = `name: people
version: 1.0.0
fields:
  - { name: id, type: integer, required: true }
  - { name: age, type: integer, required: true, maximum: 120 }
primaryKey: id
rows: { maxDecrease: 0.5 }
`;
const PROJECT = 'version: 1\ndata: { people: { path: "data/*.csv" } }\n';
const BASE = 'id,age\n1,20\n2,\n3,130\n4,40\n';

let place: Place;
let pullRequest: ActionRun['event'];

beforeAll(async () => {
  place = await startPlace({
    'rastro.yaml': PROJECT,
    'contracts/people.yaml': CONTRACT,
    'data/people.csv': BASE,
  });
  const base = await place.repository.git('rev-parse', 'HEAD');
  await place.repository.branch('change');
  await place.repository.write({ 'data/people.csv': 'id,age\n9,30\n3,130\n2,\n1,20\n' });
  await place.repository.commit('Change the data');
  const head = await place.repository.git('rev-parse', 'HEAD');
  pullRequest = { pull_request: { number: 1, base: { sha: base }, head: { sha: head } } };
});

afterAll(() => place?.[Symbol.asyncDispose]());

beforeEach(() =>
  place.repository.write({
    'contracts/people.yaml': CONTRACT,
    'data/people.csv': 'id,age\n9,30\n3,130\n2,\n1,20\n',
  }),
);

const check = (inputs: Record<string, string> = {}) =>
  place.act('validate', inputs, { eventName: 'pull_request', event: pullRequest! });

describe('on a pull request', () => {
  test('breaches that its base has are told, and fail the check unless only new ones do', async () => {
    const any = await check();
    expect([any.exitCode, any.outputs]).toEqual([
      1,
      expect.objectContaining({ verdict: 'breach', errors: '2', new: '0' }),
    ]);
    const fresh = await check({ 'fail-on': 'new' });
    expect([fresh.exitCode, fresh.outputs.verdict]).toEqual([0, 'pass']);
    expect(fresh.summary).toContain('none of them new');
    expect(fresh.annotations.map(({ level, line }) => [level, line])).toEqual([
      ['notice', 4],
      ['notice', 3],
    ]);
  });

  test('a new breach fails, at its line, whatever moved around it', async () => {
    await place.repository.write({ 'data/people.csv': 'id,age\n3,130\n9,\n2,\n1,20\n4,140\n' });
    const { exitCode, outputs, annotations } = await check({ 'fail-on': 'new' });
    expect([exitCode, outputs.new]).toEqual([1, '2']);
    const errors = annotations.filter(({ level, file }) => level === 'error' && file === 'data/people.csv');
    expect(errors.map(({ title, line }) => [title, line])).toEqual([
      ['age.required', 3],
      ['age.range', 6],
    ]);
  });

  test('a new breach in place of an old one is no less new', async () => {
    await place.repository.write({ 'data/people.csv': 'id,age\n1,20\n2,50\n3,130\n4,\n' });
    const { outputs } = await check({ 'fail-on': 'new' });
    expect([outputs.verdict, outputs.new]).toEqual(['breach', '1']);
  });

  test('more than half of the rows may not vanish against the base', async () => {
    await place.repository.write({ 'data/people.csv': 'id,age\n1,20\n' });
    const { outputs, summary } = await check({ 'fail-on': 'new' });
    expect(outputs.verdict).toBe('breach');
    expect(summary).toContain('rows.change');
    await place.repository.write({ 'data/people.csv': 'id,age\n1,20\n4,40\n' });
    expect((await check()).outputs.verdict).toBe('pass');
  });

  test('a breaking change of the contract needs a major version', async () => {
    await place.repository.write({ 'data/people.csv': 'id,age\n1,20\n4,40\n' });
    const narrower = CONTRACT.replace('maximum: 120', 'maximum: 90');
    await place.repository.write({ 'contracts/people.yaml': narrower });
    const { exitCode, annotations, summary } = await check();
    expect(exitCode).toBe(1);
    expect(summary).toContain('"age" has its maximum lowered from 120 to 90');
    expect(annotations).toContainEqual(
      expect.objectContaining({ title: 'contract-version', file: 'contracts/people.yaml', line: 2 }),
    );
    expect((await check({ 'fail-on': 'never' })).exitCode).toBe(0);
    await place.repository.write({
      'contracts/people.yaml': narrower.replace('version: 1.0.0', 'version: 2.0.0'),
    });
    expect((await check()).exitCode).toBe(0);
  });

  test('data that is not in Git cannot be compared, and it is said', async () => {
    await place.repository.write({ 'data/people.csv': BASE, 'other/people.csv': BASE });
    const { outputs, summary } = await check({
      contract: 'contracts/people.yaml',
      data: 'other/people.csv',
      'fail-on': 'new',
    });
    expect([outputs.verdict, outputs.new]).toEqual(['breach', '']);
    expect(summary).toMatch(/Every breach counts as new: .*has no other\/people.csv in Git/);
  });
});

describe('findings as files', () => {
  const results = async () => {
    await place.repository.write({ 'data/people.csv': 'id,age\nx,20\n2,\n3,"<&\u0007>"\n' });
    const { exitCode } = await place.act('validate', { sarif: 'out/a.sarif', junit: 'out/b.xml' });
    expect(exitCode).toBe(1);
    return {
      sarif: await readFile(join(place.directory, 'out/a.sarif'), 'utf8'),
      junit: await readFile(join(place.directory, 'out/b.xml'), 'utf8'),
    };
  };

  test('SARIF is what the published schema asks for', async ({ skip }) => {
    const python = datacontractPython() ?? skip();
    const { sarif } = await results();
    expect(JSON.parse(sarif).runs[0].results).toHaveLength(3);
    expect(faultsBy('sarif-2.1.0', sarif, python)).toBe('');
    expect(faultsBy('sarif-2.1.0', sarif.replace('"startLine": 2', '"startLine": 0'), python)).not.toBe('');
  });

  test('JUnit is read by a reader of JUnit', async () => {
    const { junit } = await results();
    const suites = await parseJunit(junit);
    const cases = (suites as { testsuite: { testcase: { name: string; failure?: { inner: string }[] }[] }[] })
      .testsuite[0]!.testcase;
    const failed = cases.filter(({ failure }) => failure);
    expect(failed.map(({ name }) => name)).toEqual(['id.type', 'age.required', 'age.type']);
    expect(failed[2]!.failure![0]!.inner).toContain('data/people.csv:4');
  });
});

describe('what a report tells', () => {
  const contract = `source: { path: told/a.csv }
fields:
  - { name: a, nulls: { warn: 0.1, fail: 0.4 }, minLength: 1, maxLength: 1 }
  - { name: b, minLength: 1, severity: notice }
  - { name: c, type: integer, severity: warning, statistics: { mean: { minimum: 2 } } }
rows: { minimum: 1, maxDecrease: 0.1 }
`;
  const told = async (data: string, args: readonly string[] = [], text = contract) => {
    await place.repository.write({ 'told/a.csv': data, 'told.yaml': text });
    const all = ['validate', '--contract', 'told.yaml', '--json', ...args];
    const { exitCode, stdout } = await cli(place.directory, all);
    const { reports, record } = JSON.parse(stdout);
    return { exitCode, report: reports[0], record: record[0] };
  };
  const HOLES = `a,b,c\n${'x,y,3\n,y,3\n'.repeat(15)}x,y,3\n`;

  test('too many missing values are one finding, with their count, share and lines', async () => {
    const { exitCode, report, record } = await told(HOLES, ['--sarif', 'told.sarif', '--junit', 'told.xml']);
    expect([exitCode, record.errors]).toEqual([1, 1]);
    const where = 'lines 3, 5, 7, 9, 11, 13, 15, 17, 19, 21 and 5 more';
    const words = 'at most 10 % of the values missing, and never more than 40 %';
    expect(report.findings).toEqual([
      {
        severity: 'error',
        title: 'a.nulls',
        message: `column a: expected ${words} (15 missing, which is 48.4 %: ${where})`,
        file: 'told/a.csv',
        line: 3,
      },
    ]);
    const rule = record.result.rules.find(({ id }: { id: string }) => id === 'a.nulls');
    expect(rule.offenders.map(({ line }: { line: number }) => line)).toHaveLength(15);
    const sarif = JSON.parse(await readFile(join(place.directory, 'told.sarif'), 'utf8'));
    expect(sarif.runs[0].results).toHaveLength(1);
    const junit = await readFile(join(place.directory, 'told.xml'), 'utf8');
    expect(junit.split('told/a.csv:')).toHaveLength(2);
  });

  test('what could not be judged is said, and why', async () => {
    const { exitCode, report } = await told('a,b,c\nx,y,3\n');
    expect(exitCode).toBe(0);
    expect(report.verdict.sentence).toBe(
      'told.yaml keeps its contract: 10 rules on 1 row, and 1 that could not be judged.',
    );
    const section = report.sections.find(({ id }: { id: string }) => id === 'not-judged');
    expect(JSON.stringify(section)).toMatch(/rows\.change.*there is no reference/);
  });

  test('a warning fails where that is asked for, a notice never', async () => {
    const strict = ['--severity', 'warning'];
    const broken = contract.replace('minLength: 1, severity: notice', 'minLength: 2, severity: notice');
    const notice = await told('a,b,c\nx,y,3\n', strict, broken);
    expect([notice.exitCode, notice.record.warnings, notice.record.notices]).toEqual([0, 0, 1]);
    expect(notice.report.findings.map(({ severity }: { severity: string }) => severity)).toEqual(['notice']);
    const codes = [await told('a,b,c\nx,y,1\n'), await told('a,b,c\nx,y,1\n', strict)];
    expect(codes.map(({ exitCode, record }) => [exitCode, record.warnings])).toEqual([
      [0, 1],
      [1, 1],
    ]);
  });

  test('a rule about the table has no share, and counts are in words that fit', async () => {
    const { report, record } = await told('a,b,c\nxx,y,1\n');
    const section = report.sections.find(({ id }: { id: string }) => id === 'data-contract');
    const rows = section.blocks[1].rows.map((row: unknown[]) => JSON.stringify(row));
    expect(rows[0]).toContain('100.0 %');
    expect(rows[1]).not.toContain('%');
    const expected = record.result.rules.map(({ expected }: { expected: string }) => expected);
    expect(expected).toEqual(
      expect.arrayContaining([
        'at least 1 and at most 1 character',
        'at least 1 character',
        'at least 1 row',
      ]),
    );
  });
});

test('values of sensitive columns are in no output, with a base and without', async () => {
  const fields = [
    'name: a, type: integer, sensitive: true, required: true',
    'name: b, enum: [x], maxLength: 3, pattern: "[0-9]+", format: email, sensitive: true, unique: true, trimmed: true',
    'name: c, type: integer, sensitive: true, maximum: 5, nulls: { fail: 0 }, statistics: { quantiles: [{ at: 0.5, maximum: 5 }] }',
    'name: d',
  ];
  const contract = `source: { path: safe/a.csv }
fields:
${fields.map((field) => `  - { ${field} }`).join('\n')}
primaryKey: [b, c]
foreignKeys: [{ fields: [b, d], reference: { path: safe/parents.csv, fields: [p, q] } }]
rules: [{ name: r, check: "length(b) + c < 3" }]
rows: { unique: true }
`;
  const row = 'SECRETa,SECRET b ,777123,d\n';
  await place.repository.write({
    'safe.yaml': contract,
    'safe/a.csv': `a,b,c,d\n${row}${row}SECRETe,SECRETf,,d\n`,
    'safe/parents.csv': 'p,q\nz,z\n',
  });
  await place.repository.commit('Add people');
  const base = await place.repository.git('rev-parse', 'HEAD');
  await place.repository.write({ 'safe/a.csv': `a,b,c,d\nSECRETg,"SECRETh\nx",777124,d\n${row}${row}` });
  const files = { sarif: 'safe.sarif', junit: 'safe.xml' };
  for (const inputs of [{}, { base, 'fail-on': 'new' }]) {
    const result = await place.act('validate', { contract: 'safe.yaml', ...files, ...inputs });
    expect(result.exitCode).toBe(1);
    expect(result.annotations.length).toBeGreaterThan(8);
    const written = await Promise.all(
      Object.values(files).map((file) => readFile(join(place.directory, file), 'utf8')),
    );
    const json = await cli(place.directory, ['validate', '--contract', 'safe.yaml', '--json']);
    const all = [JSON.stringify(result), ...written, json.stdout, json.stderr].join('\n');
    expect(all).toContain('[redacted]');
    expect(all).not.toMatch(/SECRET|77712/);
  }
});

describe('on the command line', () => {
  test('a foreign key into files that are not there is refused at its place', async () => {
    await place.repository.write({
      'key.yaml':
        'source: { path: told/a.csv }\nfields: [{ name: a }]\nforeignKeys:\n  - { fields: a, reference: { path: no/*.csv, fields: b } }\n',
      'told/a.csv': 'a\n1\n',
    });
    const { exitCode, stderr } = await cli(place.directory, ['validate', '--contract', 'key.yaml']);
    expect([exitCode, stderr]).toEqual([
      2,
      expect.stringMatching(/key\.yaml:4:37: no file matches no\/\*\.csv/),
    ]);
  });

  test('the plan is printed, and nothing is checked', async () => {
    const { exitCode, stdout } = await cli(place.directory, ['validate', '--explain']);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('age.range: at most 120');
    expect(stdout).toMatch(/count_if\(_v1 > 120\)/);
  });

  test.each([
    [['--explain'], true],
    [['--explain', 'yes'], true],
    [['--explain=True'], true],
    [['--explain', 'no'], false],
    [['--explain=false'], false],
  ])('an option that may be on or off takes both words: %s', async (args, isOn) => {
    const { stdout } = await cli(place.directory, ['validate', ...args]);
    expect(stdout.includes('are planned; none was made')).toBe(isOn);
  });

  test('a contract that says where its data is needs nothing else', async () => {
    await place.repository.write({
      'alone/contracts/a.yaml':
        'source: { path: "in/*.csv" }\nfields: [{ name: a, type: integer, maximum: 1 }]\n',
      'alone/in/1.csv': 'a\n1\n',
      'alone/in/2.csv': 'a\n2\n',
    });
    for (const args of [[], ['--contract', 'contracts/a.yaml']]) {
      const { exitCode, stdout } = await cli(join(place.directory, 'alone'), ['validate', ...args]);
      expect(exitCode).toBe(1);
      expect(stdout).toContain('in/2.csv:2');
    }
  });

  test('the base can be any revision, and one that is none is refused', async () => {
    const known = await cli(place.directory, ['validate', '--base', 'main', '--fail-on', 'new']);
    expect([known.exitCode, known.stderr]).toEqual([0, expect.any(String)]);
    const wrong = await cli(place.directory, ['validate', '--base', 'mian']);
    expect(wrong.exitCode).toBe(2);
    expect(wrong.stderr).toContain('"mian" names no commit');
  });

  test('memory and threads are what is given', async () => {
    const { exitCode } = await cli(place.directory, [
      'validate',
      '--memory-limit',
      '100MB',
      '--threads',
      '1',
      '--fail-on',
      'never',
    ]);
    expect(exitCode).toBe(0);
    const wrong = await cli(place.directory, ['validate', '--memory-limit', 'much']);
    expect([wrong.exitCode, wrong.stderr]).toEqual([2, expect.stringContaining('give a size such as 512MB')]);
    for (const size of ['1KB', '31.9MB', '30 MiB']) {
      const little = await cli(place.directory, ['validate', '--memory-limit', size]);
      expect([little.exitCode, little.stderr]).toEqual([2, expect.stringContaining('needs 32MB at least')]);
    }
    const least = await cli(place.directory, ['validate', '--memory-limit', '32MB', '--fail-on', 'never']);
    expect(least.exitCode).toBe(0);
  });
});

/** Python with datacontract-cli and the published schemas, which test/setup-real-parts.sh makes. */
function datacontractPython(): string | undefined {
  const path =
    process.env.RASTRO_DATACONTRACT ?? join(import.meta.dirname, '../.cache/datacontract/bin/python');
  return realPart('datacontract-cli', path);
}

function faultsBy(schema: string, document: string, python: string): string {
  const script = join(import.meta.dirname, 'published-schema.py');
  return execFileSync(python, [script, schema], { input: document, encoding: 'utf8' });
}
