import { InputError } from '@rastro/fault';
import { randomSource } from '@rastro/metrics';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ColumnValues, compareColumns, type DriftThresholds, judgeDrift } from '../src/index.ts';

const thresholds: DriftThresholds = { psi: 0.2, alpha: 0.05, minRows: 200 };
const random = randomSource(7);
const uniform = (rows: number, shift = 0) =>
  Float64Array.from({ length: rows }, () => random.next() / 2 ** 32 + shift);
const drawn = (rows: number, names: readonly string[]) =>
  Array.from({ length: rows }, () => names[random.below(names.length)]!);

const judge = (reference: ColumnValues, current: ColumnValues, changes: Partial<DriftThresholds> = {}) =>
  judgeDrift({
    reference: [{ name: 'x', values: reference }],
    current: [{ name: 'x', values: current }],
    thresholds: { ...thresholds, ...changes },
  });

describe('a column', () => {
  test('that moved drifts', () => {
    const found = judge(uniform(1000), uniform(1000, 0.4));
    expect(found.verdict).toBe('drifted');
    expect(found.columns[0]?.reason).toContain("out of the reference's range");
  });

  test('that is the same does not', () => {
    expect(judge(uniform(1000), uniform(1000)).verdict).toBe('stable');
  });

  test('of millions of rows that moved a little is sure, but small', () => {
    const found = judge(uniform(200_000), uniform(200_000, 0.02));
    expect(found.columns[0]).toMatchObject({ drifted: false, reason: 'more than chance, but small' });
    expect(found.columns[0]!.adjustedP).toBeLessThan(1e-10);
  });

  test('of few rows is not judged, whatever it looks like', () => {
    const found = judge(uniform(1000), uniform(100, 5));
    expect(found.verdict).toBe('too-small');
    expect(found.reason).toBe('100 rows are too few to judge; 200 are asked for');
  });

  test('that lost its values drifts, and says by how much', () => {
    const current = uniform(1000).map((value, row) => (row % 3 === 0 ? Number.NaN : value));
    const found = judge(uniform(1000), current);
    expect(found.verdict).toBe('drifted');
    expect(found.columns[0]?.reason).toBe('missing values went from 0.0 % to 33.4 %');
  });

  test('that is empty now drifts, and one that always was does not', () => {
    const empty = new Float64Array(500).fill(Number.NaN);
    expect(judge(uniform(500), empty).verdict).toBe('drifted');
    expect(judge(empty, empty).verdict).toBe('stable');
    expect(judge(drawn(500, ['a']), Array(500).fill(null)).verdict).toBe('drifted');
  });

  test('that is constant is compared like any other', () => {
    const constant = new Float64Array(500).fill(3);
    expect(judge(constant, constant).verdict).toBe('stable');
    expect(judge(constant, new Float64Array(500).fill(4)).verdict).toBe('drifted');
    expect(
      judge(
        constant,
        constant.map((value, row) => value + (row % 2)),
      ).verdict,
    ).toBe('drifted');
  });

  test('with a heap at zero drifts when the values beside the heap move', () => {
    const heaped = (beside: () => number) =>
      Float64Array.from({ length: 2000 }, (_, row) => (row % 20 < 14 ? 0 : beside()));
    const low = () => random.next() / 2 ** 32;
    const high = () => 1 + random.next() / 2 ** 32;
    const wide = () => 2 * (random.next() / 2 ** 32);
    expect(judge(heaped(wide), heaped(high)).verdict).toBe('drifted');
    expect(judge(heaped(wide), heaped(low)).verdict).toBe('drifted');
    expect(judge(heaped(wide), heaped(wide)).verdict).toBe('stable');
  });

  test('with a new category drifts, and names its share', () => {
    const found = judge(drawn(1000, ['a', 'b']), drawn(1000, ['a', 'b', 'c']));
    expect(found.verdict).toBe('drifted');
    expect(found.columns[0]?.reason).toMatch(/^3\d\.\d % of the values are new categories$/);
    const comparison = found.columns[0]!.comparison;
    expect(comparison.kind === 'categorical' && comparison.newCategories).toEqual(['c']);
  });

  test('of identifiers is not judged', () => {
    const ids = (from: number) => Array.from({ length: 500 }, (_, row) => `id-${from + row}`);
    const found = judge(ids(0), ids(500));
    expect(found).toMatchObject({ verdict: 'stable', judged: 0 });
    expect(found.columns[0]?.reason).toBe('its values hardly repeat: it names rows');
  });
});

describe('a table', () => {
  test('drifts by the share of columns that is asked for', () => {
    const side = (shift: number) => [
      { name: 'moves', values: uniform(500, shift) },
      { name: 'stays', values: uniform(500) },
    ];
    const verdict = (share: number | undefined) =>
      judgeDrift({ reference: side(0), current: side(1), thresholds: { ...thresholds, share } }).verdict;
    expect(verdict(undefined)).toBe('drifted');
    expect(verdict(0.5)).toBe('drifted');
    expect(verdict(0.6)).toBe('stable');
  });

  test('without a column of the reference is refused by name', () => {
    const request = {
      reference: [{ name: 'age', values: uniform(5) }],
      current: [{ name: 'Age', values: uniform(5) }],
      thresholds,
    };
    expect(() => judgeDrift(request)).toThrow(InputError);
    expect(() => judgeDrift(request)).toThrow('the current data lacks the column "age"');
  });

  test('whose column changed its type is refused by name', () => {
    expect(() => judge(uniform(5), drawn(5, ['a']))).toThrow('the column "x" is numbers on one side');
  });

  test('of 20 columns without drift raises a false alarm at most once in 20 times', () => {
    let alarms = 0;
    for (let trial = 0; trial < 100; trial++) {
      const side = () =>
        Array.from({ length: 20 }, (_, i) => ({
          name: `c${i}`,
          values: i % 2 ? uniform(200) : drawn(200, ['a', 'b', 'c', 'd']),
        }));
      if (judgeDrift({ reference: side(), current: side(), thresholds }).verdict === 'drifted') alarms++;
    }
    expect(alarms).toBeLessThanOrEqual(5);
  });
});

describe('properties', () => {
  const values = fc.array(
    fc.oneof(fc.constantFrom(0, 1, Number.NaN), fc.double({ min: -1e6, max: 1e6, noNaN: true })),
    { maxLength: 50 },
  );

  test('any two columns of numbers can be compared, and distances stay in their bounds', () => {
    fc.assert(
      fc.property(values, values, (a, b) => {
        const found = compareColumns(Float64Array.from(a), Float64Array.from(b));
        if (found.kind !== 'numeric') throw new Error('not numeric');
        expect(found.ksP).toBeGreaterThanOrEqual(0);
        expect(found.ksP).toBeLessThanOrEqual(1);
        expect(found.psiTotal).toBeGreaterThanOrEqual(0);
        for (const distance of [found.ks, found.jensenShannon, found.hellinger, found.lInfinity]) {
          expect(distance === null || (distance >= 0 && distance <= 1 + 1e-12)).toBe(true);
        }
      }),
    );
  });

  test('a column is at no distance from itself in another order', () => {
    fc.assert(
      fc.property(values, (a) => {
        const found = compareColumns(Float64Array.from(a), Float64Array.from([...a].reverse()));
        if (found.kind !== 'numeric') throw new Error('not numeric');
        expect(found.psiTotal).toBe(0);
        expect(found.ks ?? 0).toBe(0);
        expect(found.ksP).toBe(1);
      }),
    );
  });

  test('Kolmogorov-Smirnov and Wasserstein are the same both ways', () => {
    fc.assert(
      fc.property(values, values, (a, b) => {
        const one = compareColumns(Float64Array.from(a), Float64Array.from(b));
        const other = compareColumns(Float64Array.from(b), Float64Array.from(a));
        if (one.kind !== 'numeric' || other.kind !== 'numeric') throw new Error('not numeric');
        expect(one.ks).toEqual(other.ks);
        expect(one.ksP).toBeCloseTo(other.ksP, 9);
        expect(one.wasserstein ?? -1).toBeCloseTo(other.wasserstein ?? -1, 6);
      }),
    );
  });

  test('any two columns of texts can be compared', () => {
    const texts = fc.array(fc.constantFrom(null, '', 'a', 'b', '__proto__'), { maxLength: 50 });
    fc.assert(
      fc.property(texts, texts, (a, b) => {
        const found = compareColumns(a, b);
        if (found.kind !== 'categorical') throw new Error('not categorical');
        expect(found.pooled.p).toBeGreaterThanOrEqual(0);
        expect(found.pooled.p).toBeLessThanOrEqual(1);
        expect(found.chiSquare.cramersV).toBeLessThanOrEqual(1 + 1e-12);
        expect(found.psiTotal).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});
