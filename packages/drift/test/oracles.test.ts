import { expect, test } from 'vitest';
import { countBins, quantileBins } from '../src/bins.ts';
import { chiSquare, compareColumns, judgeDrift } from '../src/index.ts';
import {
  hellinger,
  jensenShannon,
  kullbackLeibler,
  lInfinity,
  proportions,
  psi,
} from '../src/proportions.ts';
import { ksAsymptoticP, ksDistance, ksExactP, sortedValues, wasserstein } from '../src/two-samples.ts';
import { describeReal, realCsv, realOracle } from './real.ts';

function expectClose(
  found: number | null | undefined,
  expected: number,
  what: string,
  relative = 1e-9,
): void {
  // A p-value of zero in scipy is one that underflowed.
  const gap = Math.abs((found ?? Number.NaN) - expected) / Math.max(Math.abs(expected), 1e-290);
  expect(gap, `${what}: ${found} for ${expected}`).toBeLessThanOrEqual(relative);
}

const range = (from: number, to: number) => Float64Array.from({ length: to - from + 1 }, (_, i) => from + i);

// Expected numbers: scipy 1.17.1, `ks_2samp` and `wasserstein_distance`.
test.each([
  ['shifted', range(1, 10), range(4, 13), 0.3, 0.7869297884777761, 0.6639999999999998, 3],
  [
    'other sizes and ties',
    range(1, 10),
    Float64Array.of(2.5, 4.5, 4.5, 7, 8.5, 9, 11, 12),
    0.3,
    0.7227478403948991,
    0.7707999999999998,
    1.875,
  ],
  [
    'many rows',
    Float64Array.from({ length: 1000 }, (_, i) => i / 1000),
    Float64Array.from({ length: 800 }, (_, i) => (i / 800) ** 1.1),
    0.03625,
    0.5906552465836722,
    0.5909751143980306,
    0.02393506148150101,
  ],
])('Kolmogorov-Smirnov and Wasserstein, %s', (_, a, b, distance, exact, asymptotic, area) => {
  const [before, after] = [sortedValues(a), sortedValues(b)];
  const found = ksDistance(before, after);
  expectClose(found, distance, 'distance');
  expectClose(ksExactP(found, a.length, b.length), exact, 'exact p');
  expectClose(ksAsymptoticP(found, a.length, b.length), asymptotic, 'asymptotic p');
  expectClose(wasserstein(before, after), area, 'area');
});

// Expected numbers: scipy 1.17.1, `jensenshannon`, `entropy`, `chi2_contingency(correction=False)`.
test('distances of two lists of counts', () => {
  const [before, after] = [proportions([120, 90, 60, 30]), proportions([80, 100, 70, 50])];
  expectClose(psi(before, after), 0.09676742918165743, 'PSI');
  expectClose(jensenShannon(before, after, Math.E), 0.10956043398564275, 'JS distance');
  expectClose(jensenShannon(before, after), 0.13159549237652404, 'JS distance, base 2');
  expectClose(jensenShannon(before, after) ** 2, 0.017317373613819798, 'JS divergence, base 2');
  expectClose(kullbackLeibler(before, after), 0.048665190203867184, 'KL');
  expectClose(hellinger(before, after), 0.1097700632757515, 'Hellinger');
  expectClose(lInfinity(before, after), 0.4 - 80 / 300, 'L-infinity');
  const { statistic, p, freedom } = chiSquare([120, 90, 60, 30], [80, 100, 70, 50]);
  expectClose(statistic, 14.295546558704455, 'chi2');
  expectClose(p, 0.0025292570847464083, 'p');
  expect(freedom).toBe(3);
  expectClose(chiSquare([45, 55], [30, 70]).statistic, 4.8, 'chi2 of two by two');
  expectClose(chiSquare([45, 55], [30, 70]).p, 0.028459736916310638, 'p of two by two');
});

describeReal('california housing, by month', () => {
  const oracle = realOracle('drift-california.json');
  const files = {
    reference_vs_current: ['reference', 'current'],
    control_a_vs_control_b_no_drift: ['control_a', 'control_b'],
  } as const;
  const readPair = (pair: keyof typeof files) =>
    files[pair].map((file) => realCsv(`drift-california/${file}.csv`));
  const numbers = (cells: string[]) =>
    Float64Array.from(cells, (cell) => (cell === '' ? Number.NaN : Number(cell)));

  test.each(['reference_vs_current', 'control_a_vs_control_b_no_drift'] as const)(
    '%s: every column as scipy measures it',
    (pair) => {
      const [reference, current] = readPair(pair);
      for (const [column, expected] of Object.entries<Record<string, number>>(oracle[pair])) {
        if ((expected.type as unknown) === 'categorical') {
          const found = compareColumns(reference!(column), current!(column));
          if (found.kind !== 'categorical') throw new Error('not categorical');
          expectClose(found.psi, expected.psi_eps1e_4!, `${column} PSI`);
          expectClose(found.jensenShannon, expected.js_distance_base2!, `${column} JS`);
          expectClose(found.totalVariation, expected.total_variation!, `${column} total variation`);
          expectClose(found.lInfinity, expected.linf!, `${column} L-infinity`);
          expectClose(found.chiSquare.statistic, expected.chi2!, `${column} chi2`);
          expectClose(found.chiSquare.p, expected.chi2_p!, `${column} p`);
          expectClose(found.chiSquare.cramersV, expected.cramers_v!, `${column} V`);
          continue;
        }
        const [before, after] = [numbers(reference!(column)), numbers(current!(column))];
        const found = compareColumns(before, after);
        if (found.kind !== 'numeric') throw new Error('not numeric');
        expectClose(found.ks, expected.ks_statistic!, `${column} KS`);
        expectClose(
          ksAsymptoticP(found.ks!, before.length, after.length),
          expected.ks_p_asymp!,
          `${column} asymptotic p`,
        );
        expectClose(found.psi, expected.psi_quantile_eps1e_4!, `${column} PSI`);
        expectClose(found.jensenShannon, expected.js_distance_quantile_base2!, `${column} JS`, 1e-8);
        expectClose(found.wasserstein, expected.wasserstein!, `${column} Wasserstein`);
        expectClose(found.wassersteinScaled, expected.wasserstein_over_std_ref!, `${column} scaled`);
        const sorted = sortedValues(before);
        const shares = proportions(countBins(sorted, quantileBins(sorted)));
        expect([...shares]).toEqual(expected.quantile_props_ref);
      }
    },
  );

  test("the exact p-value of thousands of rows is scipy's", () => {
    const { MedInc } = oracle.control_a_vs_control_b_no_drift;
    expectClose(ksExactP(MedInc.ks_statistic, MedInc.n_ref, MedInc.n_cur), MedInc.ks_p_exact, 'exact p');
    const moved = oracle.reference_vs_current.y_pred_proba;
    expectClose(ksExactP(moved.ks_statistic, moved.n_ref, moved.n_cur), moved.ks_p_exact, 'far out');
  });

  test('the moved months are drifted, the shuffled control is stable', () => {
    const thresholds = { psi: 0.2, alpha: 0.05, minRows: 200 };
    const verdictOf = (pair: keyof typeof files) => {
      const [reference, current] = readPair(pair);
      const columns = (read: (column: string) => string[]) =>
        Object.entries<{ type: string }>(oracle[pair]).map(([name, { type }]) => ({
          name,
          values: type === 'categorical' ? read(name) : numbers(read(name)),
        }));
      return judgeDrift({ reference: columns(reference!), current: columns(current!), thresholds });
    };
    const moved = verdictOf('reference_vs_current');
    expect(moved.verdict).toBe('drifted');
    expect(moved.columns.filter(({ drifted }) => drifted).map(({ name }) => name)).toEqual([
      'Latitude',
      'Longitude',
      'y_pred_proba',
      'y_pred',
    ]);
    expect(verdictOf('control_a_vs_control_b_no_drift').drifted).toBe(0);
  });
});
