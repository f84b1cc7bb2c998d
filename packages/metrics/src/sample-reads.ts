import { type Confusion, confusionOf } from './confusion.ts';
import { oneVersusRest } from './multiclass-scores.ts';
import {
  type BinSums,
  binByConfidence,
  clipped,
  meanBrierLoss,
  meanLogLoss,
  sumBins,
  summingToOne,
} from './probabilities.ts';
import { type ClassSample, type Sample, subsetOf } from './sample.ts';
import { orderByScore } from './score-order.ts';
import { type RowSums, sumRows } from './score-program.ts';
import { rankScores } from './score-ranking.ts';

/** What the rows of a two-class sample with scores add up to. */
export const sumsOf = oncePerSample(({ scored, threshold }): RowSums => sumRows(scored!, threshold ?? 0.5));

/** What the order of the rows of such a sample tells. */
export const rankingOf = oncePerSample(({ scored }) => rankScores(scored!));

/** The rows of such a sample for resamples, sorted by score. */
export const scoreOrderOf = oncePerSample(({ scores, truth }) => orderByScore(scores!, truth));

/**
 * Two classes with scores: the same rows from the highest score to the lowest, which resamples of them then need not be put in, and
 * with the rows of a bin of probabilities side by side. Any other sample as it is.
 */
export function sortedByScore(sample: Sample): Sample {
  if (sample.task !== 'binary' || !sample.scored) return sample;
  const { rows, marks } = scoreOrderOf(sample);
  const sorted = subsetOf(sample, rows!) as ClassSample;
  scoreOrderOf.keep(sorted, { marks, rows: undefined });
  return sorted;
}

/** Each class of a sample of many against the rest. */
export const versusRestOf = oncePerSample(({ truth, scores, width }) => oneVersusRest(truth, scores!, width));

/** The scores of a sample that has probabilities: see `clipped`. */
export const probabilitiesOf = oncePerSample(({ scores }) => clipped(scores!));

/** The rows of a sample with probabilities by their confidence. */
export const binnedOf = oncePerSample((sample) =>
  binByConfidence(sample.truth, probabilitiesOf(sample), sample.width),
);

/** What the rows of each bin sum to. */
export const binSumsOf = oncePerSample(
  (sample): BinSums => (sample.scored ? sumsOf(sample).bins : sumBins(binnedOf(sample))),
);

/** The counts of all rows. */
export const wholeConfusionOf = oncePerSample((sample): Confusion => {
  const { scored, classes, threshold } = sample;
  if (!scored) return confusionOf(sample.truth, sample.predicted, classes.length);
  const { byLabel, byScore } = sumsOf(sample);
  return { size: 2, cells: scored.labels && threshold === undefined ? byLabel : byScore };
});

/** The mean of `logLosses` over all rows. */
export function meanLogLossOf(sample: ClassSample): number {
  if (sample.scored) return sumsOf(sample).logLoss / sample.rows;
  const { truth, width } = sample;
  return meanLogLoss(truth, summingToOne(probabilitiesOf(sample), width), width);
}

/** The mean of `brierLosses` over all rows. */
export function meanBrierLossOf(sample: ClassSample): number {
  if (sample.scored) return sumsOf(sample).brierLoss / sample.rows;
  return meanBrierLoss(sample.truth, probabilitiesOf(sample), sample.width);
}

/** Made when it is first asked for, or kept by who had it already, and then there for all who ask. */
function oncePerSample<T>(make: (sample: ClassSample) => T) {
  const made = new WeakMap<ClassSample, T>();
  const read = (sample: ClassSample): T => {
    const known = made.get(sample) ?? make(sample);
    made.set(sample, known);
    return known;
  };
  return Object.assign(read, { keep: (sample: ClassSample, value: T) => void made.set(sample, value) });
}
