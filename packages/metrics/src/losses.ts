import { brierLosses, logLosses, summingToOne } from './probabilities.ts';
import { regressionRows } from './regression.ts';
import type { ClassSample, Sample } from './sample.ts';
import { probabilitiesOf } from './sample-reads.ts';

/**
 * What each row adds to a metric that is the plain mean over rows, from 0 and 1 for accuracy to errors; undefined for any
 * other metric.
 */
export function lossesOf(sample: Sample, name: string): Float64Array | undefined {
  if (sample.task === 'regression') {
    const { absolute, errors } = regressionRows(sample.truth, sample.predicted);
    if (name === 'mae') return absolute;
    if (name === 'mase')
      return sample.naiveError ? absolute.map((error) => error / sample.naiveError!) : undefined;
    return name === 'mse' ? errors.map((error) => error * error) : undefined;
  }
  const { truth, predicted, width } = sample;
  switch (name) {
    case 'accuracy':
      return Float64Array.from(truth, (code, row) => Number(code === predicted[row]));
    case 'log_loss':
      return logLosses(truth, likelihoodsOf(sample), width);
    case 'brier':
      return brierLosses(truth, probabilitiesOf(sample), width);
    default:
      return undefined;
  }
}

/** The probabilities that a likelihood asks for: those of a row sum to 1. */
function likelihoodsOf(sample: ClassSample): Float64Array {
  return summingToOne(probabilitiesOf(sample), sample.width);
}
