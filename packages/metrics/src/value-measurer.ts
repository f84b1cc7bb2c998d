import { parameterOf } from './catalogue.ts';
import { rankedQueries, rankingRead } from './query-reads.ts';
import { Columns, type Measurer, once, type Read, readingOfAll } from './reading.ts';
import {
  d2Pinball,
  explainedVariance,
  mape,
  maxError,
  medianAbsoluteError,
  pinball,
  r2,
  regressionRows,
  smape,
} from './regression.ts';
import type { ValueSample } from './sample.ts';

export function valueMeasurer(sample: ValueSample, names: readonly string[]): Measurer {
  const rows = regressionRows(sample.truth, sample.predicted);
  const queries = once(() => rankedQueries(sample));
  const columns = new Columns();
  const absolute = once(() => columns.add(() => rows.absolute));
  const squared = once(() => columns.add(() => rows.errors.map((error) => error * error)));
  const readOf = (name: string): Read => {
    const ranked = rankingRead(name, queries);
    if (ranked) return ({ weights }) => ranked(weights);
    const alpha = parameterOf(name);
    if (alpha !== undefined) {
      return name.startsWith('d2')
        ? ({ weights }) => d2Pinball(rows, weights, alpha)
        : ({ weights }) => pinball(rows, weights, alpha);
    }
    switch (name) {
      // In the target's unit (sklearn `mean_absolute_error`). No rows: NaN, as all means.
      case 'mae':
        return meanOf(absolute());
      case 'mase': {
        const read = meanOf(absolute());
        const scale = sample.naiveError === 0 ? Number.NaN : sample.naiveError!;
        return (reading) => read(reading) / scale;
      }
      // In the target's unit squared (sklearn `mean_squared_error`).
      case 'mse':
        return meanOf(squared());
      // In the target's unit (sklearn `root_mean_squared_error`).
      case 'rmse': {
        const read = meanOf(squared());
        return (reading) => Math.sqrt(read(reading));
      }
      case 'd2_absolute_error':
        return ({ weights }) => d2Pinball(rows, weights, 0.5);
      default: {
        const measure = VALUE_MEASURES[name];
        if (!measure) throw new TypeError(`no way to compute ${name}`);
        return ({ weights }) => measure(rows, weights);
      }
    }
  };
  const reads = names.map(readOf);
  return {
    names,
    columns: () => columns.all(),
    measure: (reading = readingOfAll(sample.rows)) => Float64Array.from(reads, (read) => read(reading)),
  };
}

function meanOf(column: () => Float64Array): Read {
  return (reading) => reading.meanOf(column());
}

const VALUE_MEASURES: Readonly<Record<string, typeof r2>> = {
  r2,
  explained_variance: explainedVariance,
  mape,
  smape,
  median_ae: medianAbsoluteError,
  max_error: maxError,
};
