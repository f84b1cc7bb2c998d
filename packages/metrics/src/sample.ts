import { fault, InputError } from '@rastro/fault';
import { contextOf, mismatch, sameLength } from './answers-fit.ts';
import type { Task } from './catalogue.ts';
import { classSample } from './class-sample.ts';
import type { Codes, Texts } from './coded-texts.ts';
import { missingValue } from './labels.ts';
import type { ScoredRows } from './score-program.ts';
import type { ThresholdGoal } from './thresholds.ts';

/**
 * What a model answered. Classes: `predictions` are labels, `scores` row-major [rows, classes]; of two classes also [rows], which
 * is the score of the second class, or without `classes` that of the positive one.
 */
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
export interface Context {
  /** The query of each row, as a number. */
  readonly groups?: Codes | undefined;
  readonly naiveError?: number | undefined;
}

/**
 * Rows with classes, checked and encoded. Two classes: `width` 1, class 0 negative and 1 positive, a score per row. More:
 * `width` is the number of classes. Columns may be made only when they are asked for.
 */
export interface ClassSample extends Context {
  readonly task: 'binary' | 'multiclass';
  readonly rows: number;
  readonly classes: readonly string[];
  readonly truth: Uint16Array;
  readonly predicted: Uint16Array;
  readonly width: number;
  readonly scores: Float64Array | undefined;
  /** Two classes with scores: the rows before any of these columns is made. */
  readonly scored: ScoredRows | undefined;
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

/** Only these rows, in this order. */
export function subsetOf(sample: Sample, rows: Uint32Array): Sample {
  const groups = sample.groups && takenAt(sample.groups, new Uint32Array(rows.length), rows);
  if (sample.task === 'regression') {
    return {
      ...sample,
      groups,
      rows: rows.length,
      truth: rowsOf(sample.truth, 1, rows),
      predicted: rowsOf(sample.predicted, 1, rows),
    };
  }
  const truth = takenAt(sample.truth, new Uint16Array(rows.length), rows);
  const predicted = takenAt(sample.predicted, new Uint16Array(rows.length), rows);
  const scores = sample.scores && rowsOf(sample.scores, sample.width, rows);
  return {
    ...sample,
    groups,
    rows: rows.length,
    truth,
    predicted,
    scores,
    scored: sample.scored && {
      rows: rows.length,
      scores: { values: scores!, width: 1, column: 1 },
      truth: { codes: truth, classOf: ITSELF },
      labels: { codes: predicted, classOf: ITSELF },
    },
  };
}

/** The class of a code that is one. */
const ITSELF = Uint8Array.of(0, 1);

function takenAt<Taken extends Codes>(codes: Codes, taken: Taken, rows: Uint32Array): Taken {
  for (let i = 0; i < rows.length; i++) taken[i] = codes[rows[i]!]!;
  return taken;
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

function refuseNotFinite(values: Float64Array, what: string): void {
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return;
  if (Number.isNaN(values[bad])) throw missingValue(what, bad);
  throw mismatch(`the ${what} of row ${bad + 1} is infinite`);
}
