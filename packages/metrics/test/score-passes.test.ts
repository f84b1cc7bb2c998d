import { InputError } from '@rastro/fault';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Answers, CodedTexts, evaluate, randomSource } from '../src/index.ts';
import { brierLosses, clipped, logLosses } from '../src/probabilities.ts';
import { readSample } from '../src/sample.ts';
import { averagePrecision, liftAt, orderByScore, rocAuc, weightsByRank } from '../src/score-order.ts';
import { readSorted, type ScoredRows, sumRows } from '../src/score-program.ts';
import { rankScores } from '../src/score-ranking.ts';
import { chooseThreshold, type ThresholdGoal } from '../src/thresholds.ts';

interface Row {
  readonly score: number;
  readonly truth: number;
  readonly label: number;
}

const BOTH = Uint8Array.of(0, 1);

function scoredRows(rows: readonly Row[]): ScoredRows {
  return {
    rows: rows.length,
    scores: { values: Float64Array.from(rows, ({ score }) => score), width: 1, column: 1 },
    truth: { codes: Uint32Array.from(rows, ({ truth }) => truth), classOf: BOTH },
    labels: { codes: Uint32Array.from(rows, ({ label }) => label), classOf: BOTH },
  };
}

/** Scores that tie, that a float32 holds and that none holds, at and a little beyond the ends of [0, 1]. */
const probability = fc.oneof(
  fc.constantFrom(0, -0, 0.5, 1, 0.1, Math.fround(0.1), 1 + 9e-6, -9e-6, 1e-300, 2 ** -149, 1 - 2 ** -53),
  fc.float({ min: 0, max: 1, noNaN: true }),
  fc.double({ min: 0, max: 1, noNaN: true }),
);
const single = fc.oneof(
  fc.constantFrom(0, -0, 0.5, 1, Math.fround(0.1), 2 ** -149, 1 - 2 ** -24),
  fc.float({ min: 0, max: 1, noNaN: true }),
);
const anything = fc.oneof(
  probability,
  fc.constantFrom(-3, 7, 1e308, -1e308, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
);
const rowsOf = (score: fc.Arbitrary<number>) =>
  fc.array(
    fc.record({ score, truth: fc.integer({ min: 0, max: 1 }), label: fc.integer({ min: 0, max: 1 }) }),
    {
      minLength: 1,
      maxLength: 70,
    },
  );

function near(found: number, expected: number, what: string): void {
  if (Number.isNaN(expected)) expect(found, what).toBeNaN();
  else
    expect(Math.abs(found - expected), `${what}: ${found} for ${expected}`).toBeLessThanOrEqual(
      1e-12 * Math.abs(expected),
    );
}

const count = (rows: readonly Row[], holds: (row: Row) => boolean) => rows.filter(holds).length;
const isPositive = ({ truth }: Row) => truth === 1;

describe('sums of rows', () => {
  test('are those of the definitions', () => {
    fc.assert(
      fc.property(
        rowsOf(fc.oneof(probability, anything)),
        fc.oneof(probability, anything),
        (rows, threshold) => {
          const found = sumRows(scoredRows(rows), threshold);
          const cells = (called: (row: Row) => boolean) =>
            Float64Array.of(
              ...[0, 1].flatMap((truth) =>
                [false, true].map((is) => count(rows, (row) => row.truth === truth && called(row) === is)),
              ),
            );
          expect(found.byScore).toEqual(cells(({ score }) => score >= threshold));
          expect(found.byLabel).toEqual(cells(({ label }) => label === 1));
          expect(found.disagreements).toBe(
            count(rows, ({ score, label }) => score !== 0.5 && label !== Number(score > 0.5)),
          );
          expect(found.firstNaN).toBe(-1);
          expect(found.firstUnclear).toBe(rows.findIndex(({ score }) => score < -1e-5 || score > 1 + 1e-5));
          const truth = Uint16Array.from(rows, (row) => row.truth);
          const probabilities = clipped(Float64Array.from(rows, ({ score }) => score));
          const sum = (values: Float64Array) => values.reduce((so, value) => so + value, 0);
          near(found.logLoss, sum(logLosses(truth, probabilities, 1)), 'log loss');
          near(found.brierLoss, sum(brierLosses(truth, probabilities, 1)), 'Brier loss');
          for (let bin = 0; bin < 10; bin++) {
            const within = [...rows.keys()].filter(
              (row) => Math.min(9, Math.floor(probabilities[row]! * 10)) === bin,
            );
            expect(found.bins.rows[bin]).toBe(within.length);
            expect(found.bins.outcome[bin]).toBe(within.filter((row) => truth[row] === 1).length);
            near(
              found.bins.confidence[bin]!,
              within.reduce((so, row) => so + probabilities[row]!, 0),
              `bin ${bin}`,
            );
          }
        },
      ),
      { numRuns: 400 },
    );
  });

  test('keep all digits of a log loss near zero, and bear many rows that are certain and wrong', () => {
    for (const given of [1e-3, 1e-6, 1e-9, 1e-12]) {
      const scores = Float64Array.from({ length: 9001 }, (_, row) => (row % 2 === 0 ? 1 - given : given));
      const rows = Array.from(scores, (score, row): Row => ({ score, truth: 1 - (row % 2), label: 0 }));
      const losses = logLosses(
        Uint16Array.from(rows, ({ truth }) => truth),
        scores,
        1,
      );
      near(
        sumRows(scoredRows(rows), 0.5).logLoss,
        losses.reduce((so, loss) => so + loss, 0),
        String(given),
      );
    }
    const wrong = Array.from({ length: 9001 }, (): Row => ({ score: 0, truth: 1, label: 0 }));
    near(sumRows(scoredRows(wrong), 0.5).logLoss, 9001 * 52 * Math.LN2, 'wrong');
  });
});

/** Rows that tie at a cut count by their average. */
function plainLift(rows: readonly Row[], share: number): number {
  const cut = Math.max(1, Math.round(rows.length * share));
  const sorted = rows.toSorted((a, b) => b.score - a.score || 0);
  const last = sorted[cut - 1]!.score;
  const above = rows.filter(({ score }) => score > last);
  const tied = rows.filter(({ score }) => score === last);
  const found = count(above, isPositive) + (count(tied, isPositive) / tied.length) * (cut - above.length);
  return found / cut / (count(rows, isPositive) / rows.length);
}

function plainAuc(rows: readonly Row[]): number {
  const [positives, negatives] = [rows.filter(isPositive), rows.filter((row) => !isPositive(row))];
  const wins = positives.flatMap((one) =>
    negatives.map((other) => (one.score > other.score ? 1 : one.score === other.score ? 0.5 : 0)),
  );
  return wins.reduce((so: number, win) => so + win, 0) / wins.length;
}

/** The counts at every distinct score, from the highest. */
function plainThresholds(rows: readonly Row[]) {
  const distinct = [...new Set(rows.map(({ score }) => score + 0))].sort((a, b) => (a < b ? 1 : -1));
  return distinct.map((threshold) => countsAt(rows, threshold));
}

function countsAt(rows: readonly Row[], threshold: number) {
  const [called, left] = [
    rows.filter(({ score }) => score >= threshold),
    rows.filter(({ score }) => !(score >= threshold)),
  ];
  const [tp, fn] = [count(called, isPositive), count(left, isPositive)];
  return { threshold, tp, fp: called.length - tp, fn, tn: left.length - fn };
}

const GOALS: [ThresholdGoal, (at: ReturnType<typeof countsAt>) => number][] = [
  [{ maximise: 'f1' }, ({ tp, fp, fn }) => (2 * tp) / (2 * tp + fp + fn)],
  [{ maximise: 'youden' }, ({ tp, fp, fn, tn }) => tp / (tp + fn) - fp / (fp + tn)],
  [
    { maximise: 'recall', minPrecision: 0.7 },
    ({ tp, fp, fn }) => (tp / (tp + fp) >= 0.7 ? tp / (tp + fn) : Number.NEGATIVE_INFINITY),
  ],
  [
    { maximise: 'precision', minRecall: 0.6 },
    ({ tp, fp, fn }) => (tp / (tp + fn) >= 0.6 ? tp / (tp + fp) : Number.NEGATIVE_INFINITY),
  ],
  [{ minimise: 'cost', falsePositive: 3, falseNegative: 2 }, ({ fp, fn }) => -(3 * fp + 2 * fn)],
];

describe('the order of rows by their score', () => {
  test.each([
    ['float32', single],
    ['double', probability],
    ['no probabilities', anything],
  ])('tells what the definitions tell, scores %s', (_, score) => {
    fc.assert(
      fc.property(rowsOf(score), (rows) => {
        const scored = scoredRows(rows);
        const ranking = rankScores(scored);
        const thresholds = plainThresholds(rows);
        const positives = count(rows, isPositive);
        near(ranking.rocAuc, plainAuc(rows), 'AUC');
        const precision = thresholds.reduce(
          (so, { tp, fp }, i) => so + ((tp - (thresholds[i - 1]?.tp ?? 0)) / positives) * (tp / (tp + fp)),
          0,
        );
        near(ranking.averagePrecision, precision, 'average precision');
        for (const [i, lift] of ranking.lifts.entries()) {
          near(lift, positives === 0 ? Number.NaN : plainLift(rows, (i + 1) / 100), `lift at ${i + 1}`);
        }
        for (const found of ranking.thresholds) expect(found).toEqual(countsAt(rows, found.threshold));
        const isOneClass = positives === 0 || positives === rows.length;
        for (const [goal, worth] of GOALS) {
          const found = readSorted(scored, (sorted) => chooseThreshold(sorted, goal));
          const most = Math.max(...thresholds.map(worth));
          const best = thresholds.find((at) => worth(at) === most);
          const isKept = !isOneClass && most > Number.NEGATIVE_INFINITY;
          expect(found && { ...found, threshold: found.threshold + 0 }).toEqual(isKept ? best : undefined);
        }
        if (isOneClass) {
          expect(ranking.curves).toBeUndefined();
          return;
        }
        const { roc, pr } = ranking.curves!;
        const points = thresholds.map(({ tp, fp }) => [fp / (rows.length - positives), tp / positives]);
        expect(roc[0]).toEqual([0, 0]);
        expect(roc.at(-1)).toEqual([1, 1]);
        for (const point of roc.slice(1)) expect(points).toContainEqual(point);
        const precisions = thresholds.map(({ tp, fp }) => [tp / positives, tp / (tp + fp)]);
        expect(pr[0]).toEqual(precisions[0]);
        expect(pr.at(-1)).toEqual(precisions.at(-1));
        for (const point of pr) expect(precisions).toContainEqual(point);
      }),
      { numRuns: 300 },
    );
  });

  test.each([
    ['float32', Math.fround],
    ['double', (score: number) => score],
    ['a few float32', (score: number) => Math.round(score * 64) / 64],
    ['float32 over all of their range', (score: number) => Math.fround(2 ** (score * 270 - 145))],
    ['one of them', () => 0.3],
  ])('of many rows is the one of resamples that draw each row once, scores %s', (_, form) => {
    const random = randomSource(4);
    for (const rows of [4095, 4096, 4097, 70_001]) {
      const scores = Float64Array.from({ length: rows }, () => form(random.next() / 2 ** 32));
      const truth = Uint8Array.from(scores, (score) => Number(random.next() / 2 ** 32 < (score + 0.5) / 2));
      const ranking = rankScores({
        rows,
        scores: { values: scores, width: 1, column: 1 },
        truth: { codes: truth, classOf: BOTH },
      });
      const order = orderByScore(scores, truth);
      const ranked = weightsByRank(order, new Uint8Array(rows).fill(1));
      near(ranking.rocAuc, rocAuc(order, ranked), 'AUC');
      near(ranking.averagePrecision, averagePrecision(order, ranked), 'average precision');
      for (const percent of [1, 10, 33, 100]) {
        near(ranking.lifts[percent - 1]!, liftAt(order, ranked, percent / 100), `lift at ${percent}`);
      }
      for (const { threshold, tp, fp } of ranking.thresholds) {
        expect(tp + fp).toBe(scores.filter((score) => score >= threshold).length);
        expect(tp).toBe(scores.filter((score, row) => score >= threshold && truth[row] === 1).length);
      }
    }
  });

  test('may be read while another is', () => {
    const [one, other] = [
      [0.1, 0.9],
      [0.9, 0.1],
    ].map(([low, high]) =>
      scoredRows([
        { score: low!, truth: 0, label: 0 },
        { score: high!, truth: 1, label: 0 },
      ]),
    );
    readSorted(one!, (sorted) => {
      expect(rankScores(other!).rocAuc).toBe(0);
      expect(sorted.scoreAt(0)).toBe(0.9);
      expect(sorted.positivesAmong(1)).toBe(1);
    });
  });
});

describe('what a model gives', () => {
  const rows = 5000;
  const random = randomSource(2);
  const singles = Float64Array.from({ length: rows }, () => Math.fround(random.next() / 2 ** 32));
  const truth = Array.from(singles, (score) => (random.next() / 2 ** 32 < score ? 'yes' : 'no'));
  const both = Float64Array.from({ length: 2 * rows }, (_, i) =>
    i % 2 === 0 ? 1 - singles[i >> 1]! : singles[i >> 1]!,
  );
  const judge = (answers: Answers, positive: string) =>
    evaluate({ task: 'binary', truth, positive, ...answers, resamples: 0 });

  test.each(['yes', 'no'])('one score is that of the second class, whichever is positive: %s', (positive) => {
    const classes = ['no', 'yes'];
    expect(judge({ scores: singles, classes }, positive)).toEqual(judge({ scores: both, classes }, positive));
  });

  test('both scores may come in either order', () => {
    const turned = both.map((_, i) => both[i ^ 1]!);
    const [one, other] = [
      judge({ scores: both, classes: ['no', 'yes'] }, 'yes'),
      judge({ scores: turned, classes: ['yes', 'no'] }, 'yes'),
    ];
    expect(one).toEqual(other);
  });

  test('columns are the same, whether they were made before or after', () => {
    const codes = Uint32Array.from(truth, (label) => Number(label === 'yes') + 1);
    const coded = new CodedTexts(codes, ['other', 'no', 'yes']);
    const predictions = singles.subarray(0, rows);
    const labels = Array.from(predictions, (score) => (score > 0.7 ? 'yes' : 'no'));
    const sample = readSample(
      { task: 'binary', truth: coded },
      { predictions: labels, scores: both, classes: ['no', 'yes'] },
    );
    expect(sample.truth).toEqual(Uint16Array.from(truth, (label) => Number(label === 'yes')));
    expect(sample.predicted).toEqual(Uint16Array.from(labels, (label) => Number(label === 'yes')));
    expect(sample).toMatchObject({
      scores: singles,
      disagreements: labels.filter((label, row) => label === 'no' && singles[row]! > 0.5).length,
    });
  });

  test.each([1, 2])('a score that is not a number is told with its row, %i a row', (width) => {
    const scores = (width === 1 ? singles : both).slice();
    scores[4500 * width] = Number.NaN;
    scores[4700 * width] = Number.NaN;
    expect(() => judge({ scores, classes: ['no', 'yes'] }, 'yes')).toThrow(InputError);
    expect(() => judge({ scores, classes: ['no', 'yes'] }, 'yes')).toThrow(
      'the score of row 4501 is not a number',
    );
  });

  test('scores that are no probabilities are told with the first row', () => {
    const note = (scores: Float64Array) =>
      judge({ scores, classes: ['no', 'yes'] }, 'yes').metrics.log_loss?.note;
    expect(note(singles.with(4321, 2).with(4400, -1))).toBe(
      'the scores are not probabilities: row 4322 has 2',
    );
    expect(note(both.with(2 * 4321, 0).with(2 * 4321 + 1, 0.25))).toBe(
      'the scores are not probabilities: those of row 4322 sum to 0.25',
    );
    expect(note(both.with(2 * 4321, -0.5))).toBe('the scores are not probabilities: row 4322 has -0.5');
  });
});
