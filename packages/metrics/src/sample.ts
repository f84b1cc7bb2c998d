import { fault, InputError } from '@rastro/fault';
import type { Task } from './catalogue.ts';
import { type CodedTexts, codedTexts, type Texts } from './coded-texts.ts';
import { confusionOf } from './confusion.ts';
import { binaryClasses, classesIn, encode, missingValue, sortedLabels } from './labels.ts';
import { binByConfidence, clipped, indexOfGreatest, sumBins, whyNotProbabilities } from './probabilities.ts';
import { chooseThreshold, orderByScore, rocAuc, type ThresholdGoal } from './score-order.ts';
import { ones } from './weights.ts';

/** What a model answered. Classes: `predictions` are labels, `scores` row-major [rows, classes] or [rows]. */
export interface Answers {
  readonly predictions?: Texts | Float64Array | undefined;
  readonly scores?: Float64Array | undefined;
  /** The classes in the order of the columns of `scores`. */
  readonly classes?: readonly string[] | undefined;
}

/** The truth and how to read answers to it. */
export interface Question {
  readonly task: Task;
  /** Labels, or values for a regression. */
  readonly truth: Texts | Float64Array;
  readonly positive?: string | undefined;
  /**
   * Score from which a row is called positive, or what the threshold chosen on these rows is best at. Left out: the labels as
   * the model gave them, or 0.5 without any.
   */
  readonly threshold?: number | ThresholdGoal | undefined;
  /** The query that each row belongs to, for a ranking. */
  readonly groups?: Texts | undefined;
  /** The error of the naive forecast on the series before, for a forecast: see `naiveError`. */
  readonly naiveError?: number | undefined;
}

/** What is known of the rows of a sample besides truth and answers. */
interface Context {
  /** The query of each row, as a number. */
  readonly groups?: Uint32Array | undefined;
  readonly naiveError?: number | undefined;
}

/**
 * Rows with classes, checked and encoded. Two classes: `width` 1, class 0 negative and 1 positive, a score per row. More:
 * `width` is the number of classes.
 */
export interface ClassSample extends Context {
  readonly task: 'binary' | 'multiclass';
  readonly rows: number;
  readonly classes: readonly string[];
  readonly truth: Uint16Array;
  readonly predicted: Uint16Array;
  readonly width: number;
  readonly scores: Float64Array | undefined;
  /** Why the scores are no probabilities; undefined when they are. */
  readonly notProbabilities: string | undefined;
  /** The threshold that was asked for, or chosen as asked. */
  readonly threshold: number | undefined;
  /** Rows whose given label is not the one of the highest score (two classes: of a score of at least 0.5). */
  readonly disagreements: number;
}

export interface ValueSample extends Context {
  readonly task: 'regression';
  readonly rows: number;
  readonly truth: Float64Array;
  readonly predicted: Float64Array;
}

export type Sample = ClassSample | ValueSample;

/**
 * Truth and answers, checked.
 * @throws InputError for missing values, labels outside the classes, scores that are not numbers, lengths that differ, and a
 * threshold where there is nothing to hold against it.
 */
export function readSample(question: Question, answers: Answers): Sample {
  if (question.threshold !== undefined) refuseThreshold(question, answers);
  return question.task === 'regression' ? valueSample(question, answers) : classSample(question, answers);
}

function refuseThreshold({ task }: Question, { scores }: Answers): void {
  if (task === 'binary' && scores) return;
  throw new InputError(
    fault(
      'threshold-without-scores',
      task === 'binary'
        ? 'there is a threshold, but the model gives labels only, no scores'
        : `there is a threshold, but a ${task} model has no score of a positive class`,
      undefined,
      'Leave the threshold out, or give the score of the positive class.',
    ),
  );
}

/** The rows of a two-class sample with scores, sorted by score. */
export const scoreOrderOf = oncePerSample(({ scores, truth }) =>
  orderByScore(scores!, new Uint8Array(truth)),
);

/** The scores of a sample that has probabilities: see `clipped`. */
export const probabilitiesOf = oncePerSample(({ scores }) => clipped(scores!));

/** The rows of a sample with probabilities by their confidence. */
export const binnedOf = oncePerSample((sample) =>
  binByConfidence(sample.truth, probabilitiesOf(sample), sample.width),
);

/** What the rows of each bin sum to. */
export const binSumsOf = oncePerSample((sample) => sumBins(binnedOf(sample)));

/** The counts of all rows. */
export const wholeConfusionOf = oncePerSample(({ truth, predicted, classes }) =>
  confusionOf(truth, predicted, classes.length),
);

/** The area under the ROC curve of all rows of a two-class sample with scores. */
export const wholeRocAucOf = oncePerSample((sample) => rocAuc(scoreOrderOf(sample), ones(sample.rows)));

/** Made when it is first asked for, and then there for all who ask. */
function oncePerSample<T>(make: (sample: ClassSample) => T): (sample: ClassSample) => T {
  const made = new WeakMap<ClassSample, T>();
  return (sample) => {
    const known = made.get(sample) ?? make(sample);
    made.set(sample, known);
    return known;
  };
}

/** Only these rows, in this order. */
export function subsetOf(sample: Sample, rows: Uint32Array): Sample {
  const valuesAt = (values: Float64Array) => Float64Array.from(rows, (row) => values[row]!);
  const codesAt = (codes: Uint16Array) => Uint16Array.from(rows, (row) => codes[row]!);
  const groups = sample.groups && Uint32Array.from(rows, (row) => sample.groups![row]!);
  if (sample.task === 'regression') {
    return {
      ...sample,
      groups,
      rows: rows.length,
      truth: valuesAt(sample.truth),
      predicted: valuesAt(sample.predicted),
    };
  }
  const { scores, width } = sample;
  return {
    ...sample,
    groups,
    rows: rows.length,
    truth: codesAt(sample.truth),
    predicted: codesAt(sample.predicted),
    scores: scores && rowsOf(scores, width, rows),
  };
}

function rowsOf(scores: Float64Array, width: number, rows: Uint32Array): Float64Array {
  const taken = new Float64Array(rows.length * width);
  for (let i = 0; i < rows.length; i++) {
    for (let column = 0; column < width; column++)
      taken[i * width + column] = scores[rows[i]! * width + column]!;
  }
  return taken;
}

function valueSample(question: Question, { predictions }: Answers): ValueSample {
  const { truth } = question;
  if (!(truth instanceof Float64Array)) throw mismatch('the truth of a regression must be numbers');
  if (!(predictions instanceof Float64Array))
    throw mismatch('the predictions of a regression must be numbers');
  sameLength('predictions', predictions.length, truth.length);
  refuseNotFinite(truth, 'truth');
  refuseNotFinite(predictions, 'prediction');
  return {
    ...contextOf(question, truth.length),
    task: 'regression',
    rows: truth.length,
    truth,
    predicted: predictions,
  };
}

function classSample(question: Question, answers: Answers): ClassSample {
  const { task } = question;
  const truth = texts(question.truth, 'truth');
  const labels = answers.predictions && texts(answers.predictions, 'predictions');
  if (!labels && !answers.scores) {
    throw mismatch('there are neither predictions nor scores');
  }
  if (labels) sameLength('predictions', labels.length, truth.length);
  const given = answers.classes ?? classesIn(truth, labels);
  const classes = task === 'binary' ? binaryClasses(given, question.positive) : given;
  if (task === 'binary' && answers.scores && !answers.classes && question.positive === undefined)
    refuseUnclearScore(classes);
  const codes = encode(truth, classes, 'truth');
  const width = task === 'binary' ? 1 : classes.length;
  const scores = answers.scores && readScores(answers.scores, truth.length, given, classes, task);
  const threshold = task === 'binary' && scores ? settleThreshold(question, scores, codes) : undefined;
  const byScore = scores && predictedBy(scores, width, threshold ?? 0.5);
  const byLabel = labels && encode(labels, classes, 'prediction');
  const labelsDecide = byLabel && (threshold === undefined || !byScore);
  return {
    ...contextOf(question, truth.length),
    task: task as ClassSample['task'],
    rows: truth.length,
    classes,
    truth: codes,
    predicted: (labelsDecide ? byLabel : byScore)!,
    width,
    scores,
    threshold,
    notProbabilities:
      answers.scores && whyNotProbabilities(answers.scores, answers.scores.length / (truth.length || 1)),
    disagreements: byLabel && scores ? countDisagreements(byLabel, scores, width) : 0,
  };
}

/** Scores of one class, and nobody says which, where the usual positive label and the greater one are not the same. */
function refuseUnclearScore([negative, positive]: readonly string[]): void {
  if (sortedLabels([negative!, positive!])[1] === positive) return;
  throw new InputError(
    fault(
      'positive-unclear',
      `the score may be that of ${positive} or of ${negative}`,
      undefined,
      'Say with "positive" which label the score is of.',
    ),
  );
}

function contextOf({ groups, naiveError }: Question, rows: number): Context {
  if (!groups) return { naiveError };
  sameLength('groups', groups.length, rows);
  const { codes, values } = codedTexts(groups);
  const missing = values.includes(null) ? codes.indexOf(values.indexOf(null)) : -1;
  if (missing >= 0) throw missingValue('group', missing);
  return { groups: codes, naiveError };
}

/** @throws InputError when no threshold keeps what is asked. */
function settleThreshold(
  { threshold }: Question,
  scores: Float64Array,
  truth: Uint16Array,
): number | undefined {
  if (threshold === undefined || typeof threshold === 'number') return threshold;
  const chosen = chooseThreshold(orderByScore(scores, new Uint8Array(truth)), threshold);
  if (chosen) return chosen.threshold;
  throw new InputError(
    fault(
      'no-threshold',
      'no threshold keeps what is asked of it on these rows',
      undefined,
      'Ask for less, or look whether the rows hold both classes.',
    ),
  );
}

function predictedBy(scores: Float64Array, width: number, threshold: number): Uint16Array {
  const predicted = new Uint16Array(scores.length / width);
  for (let row = 0; row < predicted.length; row++) {
    predicted[row] =
      width === 1 ? Number(scores[row]! >= threshold) : indexOfGreatest(scores, row * width, width);
  }
  return predicted;
}

function countDisagreements(labels: Uint16Array, scores: Float64Array, width: number): number {
  const predicted = predictedBy(scores, width, 0.5);
  const isTie = (row: number) =>
    width === 1
      ? scores[row] === 0.5
      : scores[row * width + labels[row]!] === scores[row * width + predicted[row]!];
  let count = 0;
  for (let row = 0; row < labels.length; row++) {
    if (labels[row] !== predicted[row] && !isTie(row)) count++;
  }
  return count;
}

/** Scores of the positive class for two classes, else as they came. */
function readScores(
  scores: Float64Array,
  rows: number,
  given: readonly string[],
  classes: readonly string[],
  task: Task,
): Float64Array {
  const bad = firstNaN(scores);
  const width = rows === 0 ? 1 : scores.length / rows;
  if (bad >= 0) {
    throw new InputError(
      fault(
        'score-not-a-number',
        `the score of row ${Math.floor(bad / width) + 1} is not a number`,
        undefined,
        'Look for missing values in the columns that the model reads, or for an overflow in the model.',
      ),
    );
  }
  if (task === 'binary' && width === 1) return scores;
  if (width !== given.length) {
    throw mismatch(`there are ${scores.length} scores for ${rows} rows and ${given.length} classes`);
  }
  if (task === 'multiclass') return scores;
  const column = given.indexOf(classes[1]!);
  const ofPositive = new Float64Array(rows);
  for (let row = 0; row < rows; row++) ofPositive[row] = scores[row * width + column]!;
  return ofPositive;
}

/** Or -1. */
function firstNaN(values: Float64Array): number {
  for (let i = 0; i < values.length; i++) if (Number.isNaN(values[i])) return i;
  return -1;
}

function texts(labels: Texts | Float64Array, what: string): CodedTexts {
  if (labels instanceof Float64Array) throw mismatch(`the ${what} of a classification must be texts`);
  return codedTexts(labels);
}

function refuseNotFinite(values: Float64Array, what: string): void {
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return;
  if (Number.isNaN(values[bad])) throw missingValue(what, bad);
  throw mismatch(`the ${what} of row ${bad + 1} is infinite`);
}

function sameLength(what: string, found: number, expected: number): void {
  if (found !== expected) throw mismatch(`there are ${found} ${what} for ${expected} rows of truth`);
}

function mismatch(message: string): InputError {
  return new InputError(
    fault('answers-do-not-fit', message, undefined, 'Compare the task and the columns with the data.'),
  );
}
