import { expect, test } from 'vitest';
import { drawPoisson, PoissonResamples, poissonSeeds } from '../src/poisson-resamples.ts';
import { poissonTable, UNDECIDED } from '../src/poisson-table.ts';
import { randomSource } from '../src/random.ts';

const chances = [Math.exp(-1)];
for (let count = 1; count < 40; count++) chances.push(chances[count - 1]! / count);

test('the table gives each count the chance that Poisson gives it', () => {
  const { columns, limits } = poissonTable();
  const units = new Map<number, number>();
  const add = (outcome: number, count: number) => units.set(outcome, (units.get(outcome) ?? 0) + count);
  for (const { cut, below, other } of columns) {
    add(below, cut + 128);
    add(other, 128 - cut);
  }
  for (let count = 0; count <= 12; count++) {
    const decided = (units.get(count) ?? 0) / 4096;
    const settled = (limits[count]! - (limits[count - 1] ?? 0)) / 2 ** 32;
    const chance = decided + (settled * units.get(UNDECIDED)!) / 4096;
    expect(Math.abs(chance - chances[count]!), `${count}`).toBeLessThan(1e-10);
  }
  expect(limits).toHaveLength(13);
  expect([...units.keys()].filter((outcome) => outcome > 12)).toEqual([UNDECIDED]);
});

/** One stream, as its authors' reference has it. */
function xoshiro128plusplus(state: number[]): () => number {
  const rotated = (x: number, left: number) => (x << left) | (x >>> (32 - left));
  return () => {
    const word = (rotated((state[0]! + state[3]!) | 0, 7) + state[0]!) >>> 0;
    const t = state[1]! << 9;
    state[2]! ^= state[0]!;
    state[3]! ^= state[1]!;
    state[1]! ^= state[2]!;
    state[0]! ^= state[3]!;
    state[2]! ^= t;
    state[3] = rotated(state[3]!, 11);
    return word;
  };
}

function countsOneByOne(rows: number, next: () => number): number[] {
  const words = Array.from({ length: 16 }, next);
  const streams = [0, 1, 2, 3].map((stream) =>
    xoshiro128plusplus([0, 4, 8, 12].map((at) => words[at + stream]!)),
  );
  const bytes = () =>
    streams.flatMap((step) => {
      const word = step();
      return [0, 8, 16, 24].map((shift) => (word >>> shift) & 0xff);
    });
  const { columns, limits } = poissonTable();
  const counts: number[] = [];
  for (let start = 0; start < rows; start += 2048) {
    const end = Math.min(rows, start + 2048);
    while (counts.length < end) {
      const choices = bytes();
      for (const shift of [0, 4]) {
        for (const [index, byte] of bytes().entries()) {
          const { cut, below, other } = columns[(choices[index]! >>> shift) & 15]!;
          counts.push((byte << 24) >> 24 < cut ? below : other);
        }
      }
    }
    let settling: number[] = [];
    for (let row = start; row < end; row++) {
      if (counts[row] !== UNDECIDED) continue;
      if (settling.length === 0) settling = streams.map((step) => step());
      const word = settling.shift()!;
      counts[row] = limits.findIndex((limit) => word < limit);
    }
  }
  return counts.slice(0, rows);
}

test.each([4096, 4097, 4127, 6143, 50_001])('counts of %i rows are those drawn one by one', (rows) => {
  const [source, slow] = [randomSource(3, 'counts'), randomSource(3, 'counts')];
  const counts = new Uint8Array(rows);
  for (let round = 0; round < 4; round++) {
    source.resample(counts);
    expect([...counts]).toEqual(countsOneByOne(rows, slow.next));
  }
  expect(source.next()).toBe(slow.next());
});

const ROWS = 8192;
const drawn = Array.from({ length: 512 }, () => new Uint8Array(ROWS));
const source = randomSource(2);
for (const counts of drawn) drawPoisson(counts, poissonSeeds(1, source.next));

/** Chi-square of numbers of cases against what is expected, by degrees of freedom: one in 10,000 is above. */
function expectFit(found: readonly number[], expected: readonly number[], what: string): void {
  const chi2 = found.reduce((sum, count, cell) => sum + (count - expected[cell]!) ** 2 / expected[cell]!, 0);
  const freedom = found.length - 1;
  // Wilson and Hilferty's cube root of a chi-square is normal; 3.72 leaves one in 10,000 above.
  const limit = freedom * (1 - 2 / (9 * freedom) + 3.72 * Math.sqrt(2 / (9 * freedom))) ** 3;
  expect(chi2, what).toBeLessThan(limit);
}

test('four million counts are Poisson up to chance, the rare ones too', () => {
  const found = new Array<number>(9).fill(0);
  for (const counts of drawn) for (const count of counts) found[Math.min(8, count)]!++;
  const cases = drawn.length * ROWS;
  const rest = 1 - chances.slice(0, 8).reduce((sum, chance) => sum + chance, 0);
  expectFit(
    found,
    [...chances.slice(0, 8), rest].map((chance) => chance * cases),
    'all',
  );
});

test('rows are independent of their neighbours, of the other streams, and of themselves in the next resample', () => {
  const cell = (count: number) => Math.min(3, count);
  const share = [0, 1, 2].map((count) => chances[count]!);
  share.push(1 - share.reduce((sum, chance) => sum + chance, 0));
  const expectIndependent = (pairs: Iterable<readonly [number, number]>, what: string) => {
    const found = new Array<number>(16).fill(0);
    let cases = 0;
    for (const [one, other] of pairs) {
      found[4 * cell(one) + cell(other)]!++;
      cases++;
    }
    expectFit(
      found,
      found.map((_, both) => share[both >> 2]! * share[both & 3]! * cases),
      what,
    );
  };
  function* apart(rows: number): Generator<[number, number]> {
    for (const counts of drawn.slice(0, 128)) {
      for (let row = rows; row < ROWS; row++) yield [counts[row - rows]!, counts[row]!];
    }
  }
  function* successive(): Generator<[number, number]> {
    for (const [round, counts] of drawn.slice(0, 128).entries()) {
      for (let row = 0; row < ROWS; row++) yield [counts[row]!, drawn[round + 1]![row]!];
    }
  }
  for (const rows of [1, 2, 3, 4, 5, 8, 12, 16, 17, 32, 48, 96, 2048])
    expectIndependent(apart(rows), `${rows} apart`);
  expectIndependent(successive(), 'successive');
});

test('the totals of resamples spread as Poisson sums do', () => {
  const totals = drawn.map((counts) => counts.reduce((sum, count) => sum + count, 0));
  const squares = totals.reduce((sum, total) => sum + (total - ROWS) ** 2 / ROWS, 0);
  // A chi-square of 512 degrees of freedom: 512 with a standard deviation of 32.
  expect(Math.abs(squares - totals.length)).toBeLessThan(3.5 * Math.sqrt(2 * totals.length));
});

function resamplesOf(values: Float64Array, count = 40): PoissonResamples {
  return new PoissonResamples(values.length, [values], count, randomSource(5).next);
}

/** The sum of the values as often as they were drawn, and without those that were not. */
function sumOf(values: Float64Array, weights: Uint8Array): { sum: number; size: number; rows: number } {
  let [sum, size, rows] = [0, 0, 0];
  for (const [row, count] of weights.entries()) {
    rows += count;
    if (count === 0) continue;
    sum += count * values[row]!;
    size += count * Math.abs(values[row]!);
  }
  return { sum, size, rows };
}

const random = randomSource(17);
const uniform = () => random.next() / 2 ** 32;
const columnOf = (value: (row: number) => number) =>
  Float64Array.from({ length: 5000 }, (_, row) => value(row));

test.each<[string, Float64Array]>([
  ['zeros and ones', columnOf((row) => row % 3 && 1)],
  ['one that is not zero', columnOf((row) => Number(row === 77))],
  ['zeros', columnOf(() => 0)],
  ['whole numbers', columnOf(() => random.below(2 ** 31) - 2 ** 30)],
])('the mean of %s is exact', (_, values) => {
  const resamples = resamplesOf(values);
  for (let round = 0; round < 40; round++) {
    resamples.next();
    const { sum, rows } = sumOf(values, resamples.weights);
    expect(resamples.means[0]).toBe(sum / rows);
  }
});

test.each<[string, Float64Array]>([
  ['errors', columnOf(() => Math.abs(uniform() - 0.5))],
  ['both signs', columnOf(() => uniform() - 0.5)],
  ['a wide range', columnOf(() => Math.exp(30 * uniform()))],
  ['an outlier beyond all measure', columnOf((row) => (row === 9 ? 1e200 : uniform()))],
  ['fifty outliers, one larger than the other', columnOf((row) => (row < 50 ? 10 ** (3 * row) : uniform()))],
  ['great numbers', columnOf((row) => (row === 2 ? -1e307 : 1e303 * uniform()))],
  ['the smallest numbers', columnOf(() => 1e-310 * uniform())],
])('the mean of %s is that of a sum in doubles', (_, values) => {
  const resamples = resamplesOf(values);
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 40; round++) {
    resamples.next();
    const { sum, size, rows } = sumOf(values, resamples.weights);
    expect(Math.abs(resamples.means[0]! - sum / rows)).toBeLessThanOrEqual((1e-12 * size) / rows + 5e-324);
    least = Math.min(least, size);
  }
  expect(least).toBeGreaterThan(0);
});

test('a value that is not finite tells in the resamples that drew it, and in no other', () => {
  for (const value of [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN]) {
    const values = columnOf((row) => (row === 4999 ? value : row));
    const resamples = resamplesOf(values);
    const means = new Set<number>();
    for (let round = 0; round < 40; round++) {
      resamples.next();
      const { sum, rows } = sumOf(values, resamples.weights);
      expect(resamples.means[0]).toBe(sum / rows);
      if (!Number.isFinite(sum)) means.add(sum);
    }
    expect([...means]).toEqual([value]);
  }
  const infinite = resamplesOf(columnOf(() => Number.POSITIVE_INFINITY));
  infinite.next();
  expect(infinite.means[0]).toBe(Number.POSITIVE_INFINITY);
});

test('thousands of resamples, summed some at a time, go on as if one by one', () => {
  const values = Float64Array.from({ length: 4096 }, uniform);
  const count = 4100;
  const resamples = resamplesOf(values, count);
  const { next } = randomSource(5);
  const weights = new Uint8Array(4096);
  for (let round = 0; round < count; round++) {
    resamples.next();
    drawPoisson(weights, poissonSeeds(1, next));
    if (round % 100 > 0 && round < 4090) continue;
    const { sum, rows } = sumOf(values, weights);
    expect(resamples.means[0]).toBeCloseTo(sum / rows, 12);
    expect(resamples.weights).toEqual(weights);
  }
  expect(() => resamples.next()).toThrow('there are no more resamples');
});
