import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CheckResult, planChecks, readContract } from '@rastro/contract';
import { afterAll, describe, expect, test } from 'vitest';
import { createDuckDbEngine } from '../src/index.ts';

const root = resolve(fileURLToPath(import.meta.url), '../../../..');
const real = process.env.RASTRO_REAL ?? resolve(root, '../shared/real');
const isHere = existsSync(join(real, 'dirty'));
if (!isHere && process.env.RASTRO_REQUIRE_REAL === '1') throw new Error(`there is no real data in ${real}`);
if (!isHere) console.warn(`skipped: there is no real data in ${real}`);

interface Truth {
  readonly rules: readonly TruthRule[];
  readonly columns?: readonly string[];
  readonly n_records: number;
  readonly violations: Record<string, { count: number; lines: number[] }>;
}
interface TruthRule {
  readonly id: string;
  readonly kind: string;
  readonly column?: string;
  readonly columns?: readonly string[];
  readonly values?: readonly string[];
  readonly regex?: string;
  readonly min?: number;
  readonly max?: number;
}

const engine = createDuckDbEngine({ load: () => import('@duckdb/node-api'), threads: 2 });
afterAll(() => engine.close());

async function check(contract: string, file: string): Promise<CheckResult> {
  const path = join(real, 'dirty', file);
  const plan = planChecks(readContract(contract, 'contracts/test.yaml'), {
    files: [{ absolute: path, path: file }],
    limit: 100_000,
  });
  return engine.check(plan);
}

function linesOf(result: CheckResult, rule: string): number[] {
  const found = result.rules.find(({ id }) => id === rule);
  if (!found) throw new Error(`no rule ${rule} in ${result.rules.map(({ id }) => id).join(', ')}`);
  expect(found.offenders.length, rule).toBe(found.count);
  return found.offenders.map(({ line }) => line!).sort((a, b) => a - b);
}

const truth = isHere
  ? (JSON.parse(readFileSync(join(real, 'oracles/dirty-truth.json'), 'utf8')) as Record<string, Truth>)
  : {};

/** Every rule of the truth that is not about a whole row, and the rule of a contract that asks the same. */
function sameRule(rule: TruthRule): string {
  const part: Record<string, string> = { not_null: 'required', integer: 'type' };
  return `${rule.column ?? rule.columns?.[0]}.${part[rule.kind] ?? rule.kind}`;
}

function expectTruth(file: string, result: CheckResult, renamed: Record<string, string>): void {
  const { rules, violations, n_records } = truth[file]!;
  expect(result.rows).toBe(n_records);
  for (const rule of rules) {
    if (rule.kind === 'column_count') continue;
    const mine = renamed[rule.id] ?? sameRule(rule);
    expect(linesOf(result, mine), rule.id).toEqual(violations[rule.id]!.lines);
  }
}

describe.runIf(isHere)('real dirty data', () => {
  test('every faulty line of the Titanic list is found, and none more', async () => {
    const result = await check(
      `
source: { missingValues: ["", NA] }
fields:
  - { name: "" }
  - { name: Name, unique: true, pattern: ".+, .+", trimmed: true }
  - { name: PClass, enum: [1st, 2nd, 3rd] }
  - { name: Age, type: integer, required: true, minimum: 0, maximum: 70 }
  - { name: Sex, enum: [male, female] }
  - { name: Survived, type: integer }
  - { name: SexCode, type: integer }
rules:
  - { name: sexcode-agrees, check: "(Sex = 'female') = (SexCode = 1)" }
`,
      'titanic_ge.csv',
    );
    expectTruth('titanic_ge.csv', result, { sexcode_agrees: 'rules.sexcode-agrees' });
    expect(result.verdict).toBe('breach');
    const firstDouble = result.rules.find(({ id }) => id === 'Name.unique')!.offenders[0]!;
    expect(firstDouble).toMatchObject({
      file: 'titanic_ge.csv',
      line: 709,
      column: 'Name',
      value: 'Carlsson, Mr Frans Olof',
      note: 'first in line 46',
    });
  });

  test('every faulty line of the airports is found, and none more', async () => {
    const result = await check(
      `
source: { missingValues: ["", NA] }
fields:
  - { name: faa, unique: true, pattern: "[A-Z0-9]{3}" }
  - { name: name, unique: true }
  - { name: lat, type: number, minimum: 18, maximum: 72 }
  - { name: lon, type: number, maximum: 0 }
  - { name: alt, type: integer, minimum: 0 }
  - { name: tz, type: integer, minimum: -10, maximum: -5 }
  - { name: dst, enum: [A, N] }
  - { name: tzone, required: true, pattern: "(America|Pacific)/[A-Za-z_]+" }
rules:
  - { name: tz-agrees, check: "tzone <> 'America/New_York' or tz = -5" }
`,
      'airports.csv',
    );
    expectTruth('airports.csv', result, { tz_tzone_agree: 'rules.tz-agrees' });
  });

  test('every faulty line of the diamonds is found, and none more', async () => {
    const result = await check(
      `
fields:
  - { name: cut, enum: [Fair, Good, Very Good, Premium, Ideal] }
  - { name: depth, type: number }
  - { name: x, type: number, minimum: 0.01 }
  - { name: "y", type: number, minimum: 0.01, maximum: 20 }
  - { name: z, type: number, minimum: 0.01, maximum: 20 }
rows: { unique: true }
rules:
  - { name: depth-consistent, check: "not (z > 0 and x + y > 0) or abs(depth - 200 * z / (x + y)) <= 2" }
`,
      'diamonds.csv',
    );
    const { violations } = truth['diamonds.csv']!;
    const lines = (id: string) => violations[id]!.lines;
    const both = (a: string, b: string) => [...new Set([...lines(a), ...lines(b)])].sort((p, q) => p - q);
    expect(linesOf(result, 'x.range')).toEqual(lines('x_positive'));
    expect(linesOf(result, 'y.range')).toEqual(both('y_positive', 'y_max'));
    expect(linesOf(result, 'z.range')).toEqual(both('z_positive', 'z_max'));
    expect(linesOf(result, 'rows.unique')).toEqual(lines('duplicate_rows'));
    expect(linesOf(result, 'cut.enum')).toEqual([]);
    expect(linesOf(result, 'rules.depth-consistent')).toEqual(lines('depth_consistent'));
  });

  test('every faulty line of the raw census is found, and none more', async () => {
    const { columns } = truth['adult_raw_mixed.csv__values_trimmed']!;
    const known: Record<string, string> = {
      workclass: 'required: true',
      occupation: 'required: true',
      native_country: 'required: true',
      income: 'enum: ["<=50K", ">50K"]',
      hours_per_week: 'type: integer, minimum: 1, maximum: 98',
      capital_gain: 'type: integer, minimum: 0, maximum: 99998',
      age: 'type: integer, minimum: 17, maximum: 85',
      education_num: 'type: integer',
    };
    const result = await check(
      `
source: { header: false, trim: true, missingValues: ["", "?"] }
fields:
${columns!.map((name) => `  - { name: ${name}, ${known[name] ?? 'type: string'} }`).join('\n')}
rows: { unique: true }
rules:
  - { name: education-pair, check: "(education = 'Bachelors') = (education_num = 13)" }
  - { name: husband-male, check: "relationship <> 'Husband' or sex = 'Male'" }
`,
      'adult_raw_mixed.csv',
    );
    expectTruth('adult_raw_mixed.csv__values_trimmed', result, {
      education_pair: 'rules.education-pair',
      husband_male: 'rules.husband-male',
      duplicate_rows: 'rows.unique',
    });
  });
});
