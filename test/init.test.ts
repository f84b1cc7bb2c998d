import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TemporaryRepository, temporaryRepository } from '@rastro/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { customers } from './churn.ts';
import { cli } from './place.ts';

const SALES = (month: number) =>
  Buffer.from(
    `id;name;mail\n${Array.from({ length: 40 }, (_, row) => `${month * 100 + row};José ${row};user${row}@example.org\n`).join('')}`,
    'latin1',
  );

let repository: TemporaryRepository;
beforeAll(async () => {
  repository = await temporaryRepository({
    files: {
      'data/customers.csv': customers({ seed: 1, rows: 200 }),
      'data/sales/2025-01.csv': SALES(1),
      'data/sales/2025-02.csv': SALES(2),
      'data/broken.csv': 'a,b\n1,2,3\n',
      'node_modules/x/data.csv': 'a\n1\n',
    },
  });
});
afterAll(() => repository.dispose());

const run = (...args: string[]) => cli(repository.directory, args);
const read = (path: string) => readFile(join(repository.directory, path), 'utf8');

describe('init', () => {
  test('writes a project whose data keeps its contracts, and says what it left out', async () => {
    const { exitCode, stdout, stderr } = await run('init');
    expect([exitCode, stderr]).toEqual([0, expect.not.stringContaining('error')]);
    expect(stdout).toMatch(/Left out[\s\S]*data\/broken\.csv[\s\S]*3 fields where there\s+are 2 columns/);
    expect(await read('rastro.yaml')).toContain('path: data/sales/*.csv');
    expect(await read('contracts/sales.yaml')).toMatch(
      /encoding: windows-1252\n {2}delimiter: ";"[\s\S]*sensitive: true[\s\S]*primaryKey: id/,
    );
    expect(await read('.github/workflows/rastro.yml')).toContain('actions/validate@v1');
    const check = await run('validate');
    expect([check.exitCode, check.stdout]).toEqual([0, expect.stringContaining('2 reports: 2 pass')]);
  });

  test('writes over nothing, unless it is forced to', async () => {
    await repository.write({ 'rastro.yaml': 'version: 1 # mine\n' });
    const { exitCode, stderr } = await run('init');
    expect(exitCode).toBe(2);
    for (const path of ['rastro.yaml', 'contracts/customers.yaml', '.github/workflows/rastro.yml'])
      expect(stderr).toContain(`${path} is there already`);
    expect(await read('rastro.yaml')).toContain('mine');
    expect((await run('init', '--force')).exitCode).toBe(0);
    expect(await read('rastro.yaml')).not.toContain('mine');
  });
});

describe('contracts in the formats of others', () => {
  test('a contract goes out and comes back', async () => {
    const inferred = await run('contract', 'infer', 'data/customers.csv', '--output', 'c/people.yaml');
    expect(inferred.exitCode).toBe(0);
    expect(inferred.stdout).toContain('name: tenure');
    for (const [format, file] of [
      ['odcs', 'c/people.odcs.yaml'],
      ['table-schema', 'c/people.schema.json'],
    ] as const) {
      expect((await run('contract', 'export', 'c/people.yaml', '--format', format)).exitCode).toBe(0);
      const { exitCode, stderr } = await run('contract', 'import', file, '--output', `c/${format}.yaml`);
      expect([exitCode, stderr]).toEqual([0, '']);
      const check = await run('validate', '--contract', `c/${format}.yaml`, '--data', 'data/customers.csv');
      expect(check.exitCode).toBe(0);
    }
  });

  test('what is there is not written over, and what is none of the formats is refused', async () => {
    expect((await run('contract', 'export', 'c/people.yaml')).exitCode).toBe(2);
    const { exitCode, stderr } = await run('contract', 'import', 'rastro.yaml');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('rastro.yaml:1');
  });
});
