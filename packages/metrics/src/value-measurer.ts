import { parameterOf } from './catalogue.ts';
import { rankedQueries, rankingRead } from './query-reads.ts';
import { Columns, type Measurer, once, type Read, readingOfAll } from './reading.ts';
import {
  d2Pinball,
  explainedVariance,
  mapeLosses,
  maxError,
  medianAbsoluteError,
  pinballLosses,
  type RegressionRows,
  r2,
  regressionRows,
  smapeLosses,
} from './regression.ts';
import type { ValueSample } from './sample.ts';
import { centred, squared, varianceOf } from './spread.ts';
import type { Weights } from './weights.ts';

export function valueMeasurer(sample: ValueSample, names: readonly string[]): Measurer {
  const rows = regressionRows(sample.truth, sample.predicted);
  const queries = once(() => rankedQueries(sample));
  const columns = new Columns();
  const absolute = once(() => columns.add(() => rows.absolute));
  const squares = once(() => columns.add(() => squared(rows.errors)));
  const ofTruth = once(() => spreadOf(rows.truth, columns));
  const readOf = (name: string): Read => {
    const ranked = rankingRead(name, queries);
    if (ranked) return ({ weights }) => ranked(weights);
    const alpha = parameterOf(name);
    if (alpha !== undefined) {
      const loss = meanOf(columns.add(() => pinballLosses(rows, alpha)));
      return name.startsWith('d2') ? d2Of(rows, alpha, loss) : loss;
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
        return meanOf(squares());
      // In the target's unit (sklearn `root_mean_squared_error`).
      case 'rmse': {
        const read = meanOf(squares());
        return (reading) => Math.sqrt(read(reading));
      }
      case 'r2':
        return shareExplained(meanOf(squares()), ofTruth(), (weights) => r2(rows, weights));
      case 'explained_variance': {
        const ofErrors = spreadOf(rows.errors, columns);
        return shareExplained(ofErrors, ofTruth(), (weights) => explainedVariance(rows, weights));
      }
      // See `mapeLosses` and `smapeLosses`.
      case 'mape':
        return meanOf(columns.add(() => mapeLosses(rows)));
      case 'smape':
        return meanOf(columns.add(() => smapeLosses(rows)));
      case 'd2_absolute_error':
        return d2Of(rows, 0.5, meanOf(columns.add(() => pinballLosses(rows, 0.5))));
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

/** The variance of values; undefined where means tell it badly. */
function spreadOf(values: Float64Array, columns: Columns): Read<number | undefined> {
  const around = columns.add(() => centred(values));
  const squares = columns.add(() => squared(around()));
  return (reading) => varianceOf(reading.meanOf(around()), reading.meanOf(squares()));
}

/** 1 less one variance over another, or what two passes say: for all rows, and where means tell either badly. */
function shareExplained(
  left: Read<number | undefined>,
  whole: Read<number | undefined>,
  exact: (weights: Weights) => number,
): Read {
  return (reading) => {
    if (reading.isWhole) return exact(reading.weights);
    const [some, all] = [left(reading), whole(reading)];
    return some === undefined || all === undefined ? exact(reading.weights) : 1 - some / all;
  };
}

function d2Of(rows: RegressionRows, alpha: number, loss: Read): Read {
  return (reading) => d2Pinball(rows, reading.weights, { alpha, loss: loss(reading) });
}

function meanOf(column: () => Float64Array): Read {
  return (reading) => reading.meanOf(column());
}

const VALUE_MEASURES: Readonly<Record<string, typeof maxError>> = {
  median_ae: medianAbsoluteError,
  max_error: maxError,
};
