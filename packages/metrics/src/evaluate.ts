import { fault, InputError } from '@rastro/fault';
import {
  bcaInterval,
  type Interval,
  type IntervalMethod,
  jackknife,
  percentileInterval,
  replicates,
} from './bootstrap.ts';
import { knownMetric, metricNamed, metricsOf } from './catalogue.ts';
import { classCounts, fbetaOf, precisionOf, recallOf } from './confusion.ts';
import { valueByConvention } from './conventions.ts';
import { fairnessGap } from './fairness.ts';
import { measurer, whyNotMeasurable } from './measurer.ts';
import { calibrationBins } from './probabilities.ts';
import { POISSON_FROM, type RandomSource, randomSource } from './random.ts';
import type { Measurer } from './reading.ts';
import type { Evaluation, MetricValue } from './record.ts';
import {
  type Answers,
  type ClassSample,
  type Question,
  readSample,
  type Sample,
  subsetOf,
} from './sample.ts';
import { binSumsOf, rankingOf, sortedByScore, versusRestOf, wholeConfusionOf } from './sample-reads.ts';
import { type Slice, type SliceSource, slicesOf } from './slices.ts';

export interface EvaluateRequest extends Question, Answers {
  /** Names to measure; all of the task when left out. */
  readonly metrics?: readonly string[] | undefined;
  readonly slices?: readonly SliceSource[] | undefined;
  /** A slice with fewer rows is counted and named, not judged. Default 50. */
  readonly minSliceRows?: number | undefined;
  /** Of the intervals, in (0, 1). Default 0.95. */
  readonly confidence?: number | undefined;
  /** Bootstrap resamples behind the intervals, 0 for no intervals. Default 1000. */
  readonly resamples?: number | undefined;
  readonly seed?: number | undefined;
  /** Default 'percentile'. */
  readonly interval?: IntervalMethod | undefined;
}

interface Settings {
  readonly names: readonly string[];
  readonly asked: boolean;
  readonly minSliceRows: number;
  readonly confidence: number;
  readonly resamples: number;
  readonly seed: number;
  readonly interval: IntervalMethod;
}

/** A bootstrap of more rows than this is that of as many of them, its deviations scaled down to all. */
const BOOTSTRAP_ROWS = 100_000;

/**
 * Judges answers against the truth: metrics with bootstrap intervals, slices, calibration, curves and fairness gaps. The
 * same request gives the same numbers on every machine. A metric that these rows do not define has a note, and no value but that of scikit-learn's convention.
 * @throws InputError when there are no rows, or truth and answers do not fit each other (see `readSample`).
 */
export function evaluate(request: EvaluateRequest): Evaluation {
  const settings = settingsOf(request);
  const sample = readSample(request, request);
  if (sample.rows === 0) {
    throw new InputError(
      fault(
        'no-rows',
        'there are no rows to judge',
        undefined,
        'Look at the data that the model is judged on.',
      ),
    );
  }
  const slices = (request.slices ?? []).map((source) => checkedSlices(source, sample.rows));
  const { seed, resamples, confidence, interval } = settings;
  return {
    task: sample.task,
    rows: sample.rows,
    seed,
    resamples,
    confidence,
    interval,
    ...(sample.task === 'regression' ? {} : labelsOf(sample)),
    metrics: measured(sample, settings, ''),
    slices: slices.flat().map((slice) => judgedSlice(slice, sample, settings)),
    ...(sample.task === 'regression' ? {} : classDetails(sample)),
    ...(sample.task === 'binary' ? binaryDetails(sample, slices, settings) : {}),
  };
}

function settingsOf(request: EvaluateRequest): Settings {
  const { metrics, minSliceRows = 50, confidence = 0.95, resamples = 1000, seed = 0 } = request;
  const names = metrics
    ? [...new Set(metrics.map((name) => metricNamed(name, request.task).name))]
    : metricsOf(request.task).map(({ name }) => name);
  return {
    names,
    asked: metrics !== undefined,
    minSliceRows,
    confidence,
    resamples,
    seed,
    interval: request.interval ?? 'percentile',
  };
}

function labelsOf(sample: ClassSample) {
  return {
    classes: [...sample.classes],
    ...(sample.task === 'binary' ? { positive: sample.classes[1]! } : {}),
    ...(sample.threshold === undefined ? {} : { threshold: sample.threshold }),
    ...(sample.disagreements > 0 ? { disagreements: sample.disagreements } : {}),
  };
}

/** The metrics of a sample with their intervals. `stream` names the random numbers that are its own. */
function measured(sample: Sample, settings: Settings, stream: string): Record<string, MetricValue> {
  const outcome: Record<string, MetricValue> = {};
  const possible: string[] = [];
  for (const name of settings.names) {
    const reason = whyNotMeasurable(sample, name);
    if (reason === undefined) possible.push(name);
    else if (settings.asked || hasScores(sample)) outcome[name] = without(name, reason);
  }
  const reader = measurer(sample, possible);
  const values = reader.measure();
  const intervals = intervalsOf(sample, reader, values, settings, stream);
  for (const [i, name] of possible.entries()) {
    outcome[name] = metricValue(name, values[i]!, intervals[i], sample);
  }
  return outcome;
}

function hasScores(sample: Sample): boolean {
  return sample.task !== 'regression' && (sample.scored ?? sample.scores) !== undefined;
}

/**
 * Up to 100,000 rows the bootstrap of the rows themselves. Above, that of 100,000 of them drawn without replacement, its
 * deviations times sqrt(100,000 / rows): the same width in the limit (Politis and Romano 1994) at bounded cost.
 */
function intervalsOf(
  sample: Sample,
  reader: Measurer,
  values: Float64Array,
  settings: Settings,
  stream: string,
): (Interval | undefined)[] {
  if (settings.resamples === 0) return reader.names.map(() => undefined);
  const random = randomSource(settings.seed, stream);
  if (sample.rows <= BOOTSTRAP_ROWS) return bootstrapped(sample, reader, values, settings, random);
  const chosen = random.permutation(sample.rows).subarray(0, BOOTSTRAP_ROWS).sort();
  const part = subsetOf(sample, chosen);
  const partReader = measurer(part, reader.names);
  const centre = partReader.measure();
  const scale = Math.sqrt(BOOTSTRAP_ROWS / sample.rows);
  return bootstrapped(part, partReader, centre, settings, random).map((interval, i) => {
    const moved = (bound: number) => values[i]! + (bound - centre[i]!) * scale;
    return interval && { low: moved(interval.low), high: moved(interval.high) };
  });
}

function bootstrapped(
  sample: Sample,
  reader: Measurer,
  values: Float64Array,
  { resamples, confidence, interval }: Settings,
  random: RandomSource,
): (Interval | undefined)[] {
  const { rows } = sample;
  const sorted = rows < POISSON_FROM ? sample : sortedByScore(sample);
  const drawn = replicates(sorted === sample ? reader : measurer(sorted, reader.names), rows, {
    resamples,
    random,
  });
  if (interval === 'percentile') return drawn.map((each) => percentileInterval(each, confidence));
  const leftOut = jackknife(reader, rows);
  return drawn.map((each, i) => bcaInterval(each, values[i]!, leftOut[i]!, confidence));
}

function metricValue(
  name: string,
  value: number,
  interval: Interval | undefined,
  sample: Sample,
): MetricValue {
  if (!Number.isFinite(value)) return undefinedValue(name, sample);
  const note = conventionOf(name, sample);
  return {
    value,
    low: finite(interval?.low),
    high: finite(interval?.high),
    goal: knownMetric(name)!.goal,
    ...(note ? { note } : {}),
  };
}

function finite(bound: number | undefined): number | null {
  return bound !== undefined && Number.isFinite(bound) ? bound : null;
}

/** A value that is a convention and not a measurement is told as one. */
function conventionOf(name: string, sample: Sample): string | undefined {
  if (sample.task === 'regression') return undefined;
  if (sample.task === 'binary' && /^(precision|f\d.*)$/.test(name)) {
    const { support, predicted } = classCounts(wholeConfusionOf(sample), 1);
    if (support === 0) return 'no row of the truth is positive';
    return name === 'precision' && predicted === 0 ? 'no row was called positive; counted as 0' : undefined;
  }
  if (name !== 'average_precision_macro') return undefined;
  const absent = sample.classes.filter((_, code) => !sample.truth.includes(code));
  return absent.length === 0 ? undefined : `not in the truth, counted as 0: ${absent.join(', ')}`;
}

function undefinedValue(name: string, sample: Sample): MetricValue {
  const why = knownMetric(name)!.undefinedWhen;
  const value = valueByConvention(name, sample);
  if (value === undefined) return without(name, why);
  return { ...without(name, why), value, defined: false };
}

function without(name: string, note: string): MetricValue {
  return { value: null, low: null, high: null, goal: knownMetric(name)!.goal, note };
}

function checkedSlices(source: SliceSource, rows: number): Slice[] {
  const length = 'rows' in source ? source.rows.length : source.values.length;
  if (length !== rows) {
    throw new InputError(
      fault(
        'slice-length',
        `the slice column "${source.column}" has ${length} rows, the truth has ${rows}`,
        undefined,
        'Take slices from the data that the model is judged on.',
      ),
    );
  }
  return slicesOf(source);
}

function judgedSlice({ column, value, rows }: Slice, sample: Sample, settings: Settings) {
  const judged = rows.length >= settings.minSliceRows;
  const metrics = judged ? measured(subsetOf(sample, rows), settings, `${column}=${value}`) : {};
  return { column, value, rows: rows.length, judged, metrics };
}

function classDetails(sample: ClassSample) {
  const confusion = wholeConfusionOf(sample);
  const { size, cells } = confusion;
  const hasProbabilities = hasScores(sample) && sample.notProbabilities === undefined;
  return {
    confusion: Array.from({ length: size }, (_, row) => [...cells.subarray(row * size, (row + 1) * size)]),
    per_class: sample.classes.map((label, index) => {
      const counts = classCounts(confusion, index);
      return {
        class: label,
        rows: counts.support,
        precision: precisionOf(counts),
        recall: recallOf(counts),
        f1: fbetaOf(counts, 1),
        roc_auc: aucOfClass(sample, index),
      };
    }),
    ...(hasProbabilities ? { calibration: calibrationBins(binSumsOf(sample)) } : {}),
  };
}

function aucOfClass(sample: ClassSample, index: number): number | null {
  if (!hasScores(sample)) return null;
  // With two classes there is one score, which ranks either class as well as the other.
  const { rocAuc } = sample.scored ? rankingOf(sample) : versusRestOf(sample)[index]!.whole();
  return Number.isNaN(rocAuc) ? null : rocAuc;
}

function binaryDetails(
  sample: ClassSample,
  slices: readonly (readonly Slice[])[],
  { minSliceRows }: Settings,
) {
  const ranking = sample.scored && rankingOf(sample);
  const fairness = slices
    .filter((column) => column.length > 1)
    .map((column) =>
      fairnessGap(
        column[0]!.column,
        column
          .filter(({ rows }) => rows.length >= minSliceRows)
          .map(({ rows }) => wholeConfusionOf(subsetOf(sample, rows) as ClassSample)),
      ),
    );
  return {
    ...(fairness.length > 0 ? { fairness } : {}),
    ...(ranking?.curves ? { curves: ranking.curves } : {}),
    ...(ranking && sample.notProbabilities === undefined ? { thresholds: [...ranking.thresholds] } : {}),
    ...(ranking?.bestF1 ? { best_f1: ranking.bestF1 } : {}),
  };
}
