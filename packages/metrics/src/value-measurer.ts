import { parameterOf } from './catalogue.ts';
import { rankedQueries, rankingRead } from './query-reads.ts';
import { type Measurer, once } from './reading.ts';
import {
  d2Pinball,
  explainedVariance,
  mae,
  mape,
  maxError,
  medianAbsoluteError,
  mse,
  pinball,
  r2,
  regressionRows,
  rmse,
  smape,
} from './regression.ts';
import type { ValueSample } from './sample.ts';
import { ones, type Weights } from './weights.ts';

export function valueMeasurer(sample: ValueSample, names: readonly string[]): Measurer {
  const rows = regressionRows(sample.truth, sample.predicted);
  const queries = once(() => rankedQueries(sample));
  const reads = names.map((name): ((weights: Weights) => number) => {
    const ranked = rankingRead(name, queries);
    if (ranked) return ranked;
    const scale = sample.naiveError === 0 ? Number.NaN : sample.naiveError!;
    if (name === 'mase') return (weights) => mae(rows, weights) / scale;
    const alpha = parameterOf(name);
    if (alpha !== undefined) {
      return name.startsWith('d2')
        ? (weights) => d2Pinball(rows, weights, alpha)
        : (weights) => pinball(rows, weights, alpha);
    }
    if (name === 'd2_absolute_error') return (weights) => d2Pinball(rows, weights, 0.5);
    const measure = VALUE_MEASURES[name];
    if (!measure) throw new TypeError(`no way to compute ${name}`);
    return (weights) => measure(rows, weights);
  });
  return {
    names,
    measure: (weights = ones(sample.rows)) => Float64Array.from(reads, (read) => read(weights)),
  };
}

const VALUE_MEASURES: Readonly<Record<string, typeof mae>> = {
  mae,
  mse,
  rmse,
  r2,
  explained_variance: explainedVariance,
  mape,
  smape,
  median_ae: medianAbsoluteError,
  max_error: maxError,
};
