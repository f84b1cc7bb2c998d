import { parameterOf } from './catalogue.ts';
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
import { lossesOf } from './losses.ts';
import {
  averagePrecisionMacro,
  oneVersusOne,
  ranksOfTruth,
  rocAucOneVersusOne,
  rocAucOneVersusRest,
  rocAucs,
  topKAccuracy,
} from './multiclass-scores.ts';
import { BINS, calibrationErrorOf, gapsIn } from './probabilities.ts';
import { rankedQueries, rankingRead } from './query-reads.ts';
import { Columns, type Measurer, once, perReading, type Read, readingOfAll } from './reading.ts';
import type { ClassSample } from './sample.ts';
import {
  binnedOf,
  binSumsOf,
  meanBrierLossOf,
  meanLogLossOf,
  rankingOf,
  scoreOrderOf,
  versusRestOf,
  wholeConfusionOf,
} from './sample-reads.ts';
import { liftAt, weightsByRank } from './score-order.ts';
import { sweepWeighted } from './weighted-sweep.ts';

export function classMeasurer(sample: ClassSample, names: readonly string[]): Measurer {
  const columns = new Columns();
  const table = sample.task === 'binary' ? binaryReads(sample, columns) : multiclassReads(sample, columns);
  const reads = names.map((name) => table(name));
  return {
    names,
    columns: () => columns.all(),
    measure(reading = readingOfAll(sample.rows)) {
      return Float64Array.from(reads, (read) => read(reading));
    },
  };
}

function countedConfusion(sample: ClassSample): Read<Confusion> {
  const size = sample.classes.length;
  const cells = once(() => cellsOf(sample.truth, sample.predicted, size));
  return perReading((reading) =>
    reading.isWhole ? wholeConfusionOf(sample) : countCells(cells(), size, reading.weights),
  );
}

/** The shares of the four kinds of rows, which do for all that is read of their counts. */
function confusionShares(sample: ClassSample, columns: Columns): Read<Confusion> {
  const cells = once(() => cellsOf(sample.truth, sample.predicted, 2));
  const kinds = [0, 1, 2, 3].map((kind) =>
    columns.add(() => Float64Array.from(cells(), (cell) => Number(cell === kind))),
  );
  return perReading((reading) =>
    reading.isWhole
      ? wholeConfusionOf(sample)
      : { size: 2, cells: Float64Array.from(kinds, (kind) => reading.meanOf(kind())) },
  );
}

function binaryReads(sample: ClassSample, columns: Columns): (name: string) => Read {
  const confusion = confusionShares(sample, columns);
  const shared = sharedReads(sample, confusion, columns);
  const positive = perReading((reading) => classCounts(confusion(reading), 1));
  const order = () => scoreOrderOf(sample);
  const ranked = perReading(({ weights }) => weightsByRank(order(), weights));
  const swept = perReading((reading) => sweepWeighted(order().marks, ranked(reading)));
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
        ? (reading) =>
            reading.isWhole
              ? rankingOf(sample).lifts[parameter - 1]!
              : liftAt(order(), ranked(reading), parameter / 100, swept(reading))
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
        return (reading) => (reading.isWhole ? rankingOf(sample) : swept(reading)).rocAuc;
      case 'average_precision':
        return (reading) => (reading.isWhole ? rankingOf(sample) : swept(reading)).averagePrecision;
      default:
        return shared(name);
    }
  };
}

function multiclassReads(sample: ClassSample, columns: Columns): (name: string) => Read {
  const { truth, width } = sample;
  const confusion = countedConfusion(sample);
  const shared = sharedReads(sample, confusion, columns);
  const versusRest = () => versusRestOf(sample);
  const versusOne = once(() => oneVersusOne(truth, sample.scores!, width));
  const ranks = once(() => ranksOfTruth(truth, sample.scores!, width));
  const restAucs = perReading((reading) => rocAucs(versusRest(), reading));
  const duelAucs = perReading((reading) => rocAucs(versusOne(), reading));
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
        return (reading) => averagePrecisionMacro(versusRest(), support(reading), reading);
      default:
        return shared(name);
    }
  };
}

function f1Of(counts: Parameters<typeof fbetaOf>[0]): number {
  return fbetaOf(counts, 1);
}

function sharedReads(
  sample: ClassSample,
  confusion: Read<Confusion>,
  columns: Columns,
): (name: string) => Read {
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
        const losses = columns.add(() => lossesOf(sample, name)!);
        return (reading) => (reading.isWhole ? meanLogLossOf(sample) : reading.meanOf(losses()));
      }
      case 'brier': {
        const losses = columns.add(() => lossesOf(sample, name)!);
        return (reading) => (reading.isWhole ? meanBrierLossOf(sample) : reading.meanOf(losses()));
      }
      case 'ece': {
        const gaps = Array.from({ length: BINS }, (_, bin) =>
          columns.add(() => gapsIn(binnedOf(sample), bin)),
        );
        return (reading) =>
          reading.isWhole
            ? calibrationErrorOf(binSumsOf(sample))
            : gaps.reduce((sum, gap) => sum + Math.abs(reading.meanOf(gap())), 0);
      }
      default:
        throw new TypeError(`no way to compute ${name}`);
    }
  };
}
