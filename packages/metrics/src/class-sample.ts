import { fault, InputError } from '@rastro/fault';
import { contextOf, mismatch, sameLength, texts } from './answers-fit.ts';
import type { CodedTexts } from './coded-texts.ts';
import { binaryClasses, classesIn, classOfValues, encode, sortedLabels } from './labels.ts';
import { columnOfPositive, type PositiveScores } from './positive-scores.ts';
import { indexOfGreatest, whyNotProbabilities } from './probabilities.ts';
import { once } from './reading.ts';
import type { Answers, ClassSample, Question } from './sample.ts';
import { sumsOf } from './sample-reads.ts';
import { type ClassCodes, readSorted, type ScoredRows, sumRows } from './score-program.ts';
import { chooseThreshold } from './thresholds.ts';

/** Truth and answers of a classification, whose classes are known and whose lengths fit. */
interface Known {
  readonly question: Question;
  readonly truth: CodedTexts;
  readonly labels: CodedTexts | undefined;
  /** The classes in the order of the scores, and in that of the sample. */
  readonly given: readonly string[];
  readonly classes: readonly string[];
}

/** @throws InputError as `readSample` */
export function classSample(question: Question, answers: Answers): ClassSample {
  const { scores } = answers;
  const truth = texts(question.truth, 'truth');
  const labels = answers.predictions && texts(answers.predictions, 'predictions');
  if (!labels && !scores) throw mismatch('there are neither predictions nor scores');
  if (labels) sameLength('predictions', labels.length, truth.length);
  const given = answers.classes ?? classesIn(truth, labels);
  if (question.task === 'multiclass')
    return multiclassSample({ question, truth, labels, given, classes: given }, scores);
  const classes = binaryClasses(given, question.positive);
  const known = { question, truth, labels, given, classes };
  if (!scores) return labelledSample(known);
  if (!answers.classes && question.positive === undefined) refuseUnclearScore(classes);
  return scoredSample(known, positiveScores(scores, known, answers.classes !== undefined));
}

function multiclassSample(
  { question, truth, labels, classes }: Known,
  scores: Float64Array | undefined,
): ClassSample {
  const rows = truth.length;
  const codes = encode(truth, classes, 'truth');
  const width = classes.length;
  if (scores) {
    const bad = scores.findIndex(Number.isNaN);
    if (bad >= 0) throw scoreMissing(Math.floor(bad / (scores.length / rows)));
    if (scores.length !== rows * width) throw scoresDoNotFit(scores, rows, classes);
  }
  const byScore = scores && mostLikely(scores, width);
  const byLabel = labels && encode(labels, classes, 'prediction');
  return {
    ...contextOf(question, rows),
    task: 'multiclass',
    rows,
    classes,
    truth: codes,
    predicted: (byLabel ?? byScore)!,
    width,
    scores,
    scored: undefined,
    threshold: undefined,
    notProbabilities: scores && whyNotProbabilities(scores, width),
    disagreements: byLabel && byScore ? countDisagreements(byLabel, byScore, scores, width) : 0,
  };
}

/** Two classes and no scores. */
function labelledSample({ question, truth, labels, classes }: Known): ClassSample {
  return {
    ...contextOf(question, truth.length),
    task: 'binary',
    rows: truth.length,
    classes,
    truth: encode(truth, classes, 'truth'),
    predicted: encode(labels!, classes, 'prediction'),
    width: 1,
    scores: undefined,
    scored: undefined,
    threshold: undefined,
    notProbabilities: undefined,
    disagreements: 0,
  };
}

/** Two classes with scores, in one pass over the rows. */
function scoredSample({ question, truth, labels, classes }: Known, scores: PositiveScores): ClassSample {
  const rows = truth.length;
  const scored: ScoredRows = {
    rows,
    scores,
    truth: codesOf(truth, classes, 'truth'),
    labels: labels && codesOf(labels, classes, 'prediction'),
  };
  const asked = question.threshold;
  const first = sumRows(scored, typeof asked === 'number' ? asked : 0.5);
  if (first.firstNaN >= 0) throw scoreMissing(first.firstNaN);
  const threshold = settleThreshold(asked, scored);
  const sums = threshold === asked ? first : sumRows(scored, threshold!);
  const positive = once(() => columnOfPositive(scores));
  const codes = once(() => encoded(scored.truth));
  const predicted = once(() =>
    scored.labels && threshold === undefined
      ? encoded(scored.labels)
      : calledFrom(positive(), threshold ?? 0.5),
  );
  const sample: ClassSample = {
    ...contextOf(question, rows),
    task: 'binary',
    rows,
    classes,
    width: 1,
    get truth() {
      return codes();
    },
    get predicted() {
      return predicted();
    },
    get scores() {
      return positive();
    },
    scored,
    threshold,
    notProbabilities:
      sums.firstUnclear < 0 ? undefined : whyNotProbabilities(scores.values, scores.width, sums.firstUnclear),
    disagreements: sums.disagreements,
  };
  sumsOf.keep(sample, sums);
  return sample;
}

function calledFrom(scores: Float64Array, threshold: number): Uint16Array {
  const called = new Uint16Array(scores.length);
  for (let row = 0; row < called.length; row++) called[row] = Number(scores[row]! >= threshold);
  return called;
}

function codesOf(labels: CodedTexts, classes: readonly string[], what: string): ClassCodes {
  return { codes: labels.codes, classOf: Uint8Array.from(classOfValues(labels, classes, what)) };
}

function encoded({ codes, classOf }: ClassCodes): Uint16Array {
  const classes = new Uint16Array(codes.length);
  for (let row = 0; row < classes.length; row++) classes[row] = classOf[codes[row]!]!;
  return classes;
}

function positiveScores(
  values: Float64Array,
  { truth, given, classes }: Known,
  hasOrder: boolean,
): PositiveScores {
  const rows = truth.length;
  const column = given.indexOf(classes[1]!) === 0 ? 0 : 1;
  if (rows === 0 || values.length === rows)
    return { values, width: 1, column: hasOrder && given.length === 2 ? column : 1 };
  if (values.length !== 2 * rows || given.length !== 2) throw scoresDoNotFit(values, rows, given);
  return { values, width: 2, column };
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

/** @throws InputError when no threshold keeps what is asked. */
function settleThreshold(threshold: Question['threshold'], scored: ScoredRows): number | undefined {
  if (threshold === undefined || typeof threshold === 'number') return threshold;
  const chosen = readSorted(scored, (sorted) => chooseThreshold(sorted, threshold));
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

function mostLikely(scores: Float64Array, width: number): Uint16Array {
  const predicted = new Uint16Array(scores.length / width);
  for (let row = 0; row < predicted.length; row++)
    predicted[row] = indexOfGreatest(scores, row * width, width);
  return predicted;
}

function countDisagreements(
  labels: Uint16Array,
  predicted: Uint16Array,
  scores: Float64Array,
  width: number,
): number {
  const scoreOf = (row: number, code: number) => scores[row * width + code];
  let count = 0;
  for (let row = 0; row < labels.length; row++) {
    const [label, likeliest] = [labels[row]!, predicted[row]!];
    if (label !== likeliest && scoreOf(row, label) !== scoreOf(row, likeliest)) count++;
  }
  return count;
}

function scoresDoNotFit(scores: Float64Array, rows: number, classes: readonly string[]): InputError {
  return mismatch(`there are ${scores.length} scores for ${rows} rows and ${classes.length} classes`);
}

function scoreMissing(row: number): InputError {
  return new InputError(
    fault(
      'score-not-a-number',
      `the score of row ${row + 1} is not a number`,
      undefined,
      'Look for missing values in the columns that the model reads, or for an overflow in the model.',
    ),
  );
}
