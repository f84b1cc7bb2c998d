import { knownMetric, parameterOf } from './catalogue.ts';
import {
  type Average,
  accuracy,
  averaged,
  balancedAccuracy,
  type ClassCounts,
  type Confusion,
  cellsOf,
  classCounts,
  cohenKappa,
  countCells,
  fbetaOf,
  mcc,
  precisionOf,
  recallOf,
} from './confusion.ts';
import {
  averagePrecisionMacro,
  oneVersusOne,
  oneVersusRest,
  ranksOfTruth,
  rocAucOneVersusOne,
  rocAucOneVersusRest,
  rocAucs,
  topKAccuracy,
} from './multiclass-scores.ts';
import {
  brierLosses,
  calibrationErrorOf,
  expectedCalibrationError,
  logLosses,
  meanLogLoss,
  summingToOne,
} from './probabilities.ts';
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
import { ndcgOfQuery, precisionOfQuery, type Query, queriesOf, reciprocalRankOfQuery } from './retrieval.ts';
import {
  binnedOf,
  binSumsOf,
  type ClassSample,
  probabilitiesOf,
  type Sample,
  scoreOrderOf,
  type ValueSample,
  wholeConfusionOf,
  wholeRocAucOf,
} from './sample.ts';
import { averagePrecision, liftAt, rocAuc, weightsByRank } from './score-order.ts';
import { isOnes, type Weights, weightedMean } from './weights.ts';

/**
 * The metrics of one sample, ready to be read under any weights: what can be sorted or computed once per row has been,
 * so that a resample costs one pass. `NaN` stands for "undefined for these rows".
 */
export interface Measurer {
  readonly names: readonly string[];
  measure(weights: Weights): Float64Array;
}

/** One reading of all metrics under some weights. */
interface Reading {
  readonly weights: Weights;
  /** Every row counts once. */
  readonly isWhole: boolean;
}
type Read<T = number> = (reading: Reading) => T;

/** Metrics that cannot be had from this sample must have been left out: see `whyNotMeasurable`. */
export function measurer(sample: Sample, names: readonly string[]): Measurer {
  return sample.task === 'regression' ? valueMeasurer(sample, names) : classMeasurer(sample, names);
}

/** Why a metric cannot be had from a sample whatever its rows, or undefined when it can. */
export function whyNotMeasurable(sample: Sample, name: string): string | undefined {
  const known = knownMetric(name);
  if (!known?.tasks.includes(sample.task)) return 'it is not computed from rows';
  const { needs } = known;
  if (needs === 'series') {
    return sample.naiveError === undefined
      ? 'there is no series before the forecast to compare with'
      : undefined;
  }
  if (needs === 'groups' && !sample.groups) return 'no column says which query a row belongs to';
  if (sample.task === 'regression' || needs === 'answers') return undefined;
  if (!sample.scores) return 'the model gives labels only, no scores';
  return needs === 'probabilities' ? sample.notProbabilities : undefined;
}

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

function classMeasurer(sample: ClassSample, names: readonly string[]): Measurer {
  const table = sample.task === 'binary' ? binaryReads(sample) : multiclassReads(sample);
  const reads = names.map((name) => table(name));
  return {
    names,
    measure(weights) {
      const reading = { weights, isWhole: isOnes(weights) };
      return Float64Array.from(reads, (read) => read(reading));
    },
  };
}

/** What several metrics read, made once in each reading. */
function perReading<T>(make: Read<T>): Read<T> {
  let last: { readonly reading: Reading; readonly made: T } | undefined;
  return (reading) => {
    if (last?.reading !== reading) last = { reading, made: make(reading) };
    return last.made;
  };
}

function confusionRead(sample: ClassSample): Read<Confusion> {
  const { truth, predicted, classes } = sample;
  const size = classes.length;
  const cells = once(() => cellsOf(truth, predicted, size));
  return perReading(({ weights, isWhole }) =>
    isWhole ? wholeConfusionOf(sample) : countCells(cells(), size, weights),
  );
}

function binaryReads(sample: ClassSample): (name: string) => Read {
  const confusion = confusionRead(sample);
  const shared = sharedReads(sample, confusion);
  const positive = perReading((reading) => classCounts(confusion(reading), 1));
  const order = () => scoreOrderOf(sample);
  const ranked = perReading(({ weights, isWhole }) => (isWhole ? weights : weightsByRank(order(), weights)));
  /** NaN where a measure would divide nothing by nothing: no row counts for it. */
  const ofPositive =
    (measure: (counts: ClassCounts) => number, rowsThatCount: (counts: ClassCounts) => number): Read =>
    (reading) => {
      const counts = positive(reading);
      return rowsThatCount(counts) === 0 ? Number.NaN : measure(counts);
    };
  const inTruth = ({ support }: ClassCounts) => support;
  const inTruthOrAnswers = ({ support, predicted }: ClassCounts) => support + predicted;
  const queries = once(() => rankedQueries(sample));
  return (name) => {
    const ofQueries = rankingRead(name, queries);
    if (ofQueries) return ({ weights }) => ofQueries(weights);
    const parameter = parameterOf(name);
    if (parameter !== undefined) {
      return name.startsWith('lift')
        ? (reading) => liftAt(order(), ranked(reading), parameter / 100)
        : ofPositive((counts) => fbetaOf(counts, parameter), inTruthOrAnswers);
    }
    switch (name) {
      case 'precision':
        return ofPositive(precisionOf, inTruthOrAnswers);
      case 'recall':
        return ofPositive(recallOf, inTruth);
      case 'specificity':
        return (reading) => {
          const negative = classCounts(confusion(reading), 0);
          return negative.hits / negative.support;
        };
      case 'roc_auc':
        return (reading) => (reading.isWhole ? wholeRocAucOf(sample) : rocAuc(order(), ranked(reading)));
      case 'average_precision':
        return (reading) => averagePrecision(order(), ranked(reading));
      default:
        return shared(name);
    }
  };
}

function multiclassReads(sample: ClassSample): (name: string) => Read {
  const { truth, width } = sample;
  const confusion = confusionRead(sample);
  const shared = sharedReads(sample, confusion);
  const versusRest = once(() => oneVersusRest(truth, sample.scores!, width));
  const versusOne = once(() => oneVersusOne(truth, sample.scores!, width));
  const ranks = once(() => ranksOfTruth(truth, sample.scores!, width));
  const restAucs = perReading(({ weights }) => rocAucs(versusRest(), weights));
  const duelAucs = perReading(({ weights }) =>
    rocAucs(
      versusOne().map(({ order }) => order),
      weights,
    ),
  );
  const support = perReading((reading) =>
    Float64Array.from({ length: width }, (_, index) => classCounts(confusion(reading), index).support),
  );
  return (name) => {
    const parameter = parameterOf(name);
    if (parameter !== undefined) return ({ weights }) => topKAccuracy(ranks(), parameter, weights);
    const [, measure, average] = /^(precision|recall|f1)_(macro|micro|weighted)$/.exec(name) ?? [];
    if (average) {
      const of = { precision: precisionOf, recall: recallOf, f1: f1Of }[measure as 'precision'];
      return (reading) => averaged(confusion(reading), average as Average, of);
    }
    switch (name) {
      case 'roc_auc_ovr':
        return (reading) => rocAucOneVersusRest(restAucs(reading), support(reading), 'macro');
      case 'roc_auc_ovr_weighted':
        return (reading) => rocAucOneVersusRest(restAucs(reading), support(reading), 'weighted');
      case 'roc_auc_ovo':
        return (reading) => rocAucOneVersusOne(versusOne(), duelAucs(reading), support(reading), 'macro');
      case 'roc_auc_ovo_weighted':
        return (reading) => rocAucOneVersusOne(versusOne(), duelAucs(reading), support(reading), 'weighted');
      case 'average_precision_macro':
        return (reading) => averagePrecisionMacro(versusRest(), support(reading), reading.weights);
      default:
        return shared(name);
    }
  };
}

function f1Of(counts: Parameters<typeof fbetaOf>[0]): number {
  return fbetaOf(counts, 1);
}

function sharedReads(sample: ClassSample, confusion: Read<Confusion>): (name: string) => Read {
  return (name) => {
    switch (name) {
      case 'accuracy':
        return (reading) => accuracy(confusion(reading));
      case 'balanced_accuracy':
        return (reading) => balancedAccuracy(confusion(reading));
      case 'mcc':
        return (reading) => mcc(confusion(reading));
      case 'cohen_kappa':
        return (reading) => cohenKappa(confusion(reading));
      case 'log_loss': {
        const losses = once(() => lossesOf(sample, name)!);
        return ({ weights, isWhole }) =>
          isWhole
            ? meanLogLoss(sample.truth, likelihoodsOf(sample), sample.width)
            : weightedMean(losses(), weights);
      }
      case 'brier': {
        const losses = lossesOf(sample, name)!;
        return ({ weights }) => weightedMean(losses, weights);
      }
      case 'ece': {
        const binned = binnedOf(sample);
        return ({ weights, isWhole }) =>
          isWhole ? calibrationErrorOf(binSumsOf(sample)) : expectedCalibrationError(binned, weights);
      }
      default:
        throw new TypeError(`no way to compute ${name}`);
    }
  };
}

function valueMeasurer(sample: ValueSample, names: readonly string[]): Measurer {
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
  return { names, measure: (weights) => Float64Array.from(reads, (read) => read(weights)) };
}

/** What is relevant by what it was ranked by: the positive class by its score, or the value by the predicted one. */
function rankedQueries(sample: Sample): Query[] {
  const group = sample.groups!;
  if (sample.task === 'regression')
    return queriesOf({ group, relevance: sample.truth, score: sample.predicted });
  return queriesOf({ group, relevance: Float64Array.from(sample.truth), score: sample.scores! });
}

/**
 * A metric of rankings under weights. Queries are resampled, not rows: a query counts as often as its first row was drawn,
 * because the rows of one query go together.
 */
function rankingRead(name: string, queries: () => Query[]): ((weights: Weights) => number) | undefined {
  const of = queryMeasure(name);
  if (!of) return undefined;
  const measured = once(() => ({
    firsts: Uint32Array.from(queries(), ({ first }) => first),
    values: Float64Array.from(queries(), of),
  }));
  return (weights) => {
    const { firsts, values } = measured();
    let sum = 0;
    let count = 0;
    for (let i = 0; i < firsts.length; i++) {
      const weight = weights[firsts[i]!]!;
      sum += weight * values[i]!;
      count += weight;
    }
    return sum / count;
  };
}

function queryMeasure(name: string): ((query: Query) => number) | undefined {
  if (name === 'map') return precisionOfQuery;
  if (name === 'mrr') return reciprocalRankOfQuery;
  const k = name.startsWith('ndcg_at_') ? parameterOf(name) : undefined;
  return k === undefined ? undefined : (query) => ndcgOfQuery(query, k);
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

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
