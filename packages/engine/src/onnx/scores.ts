import { fault, InputError } from '@rastro/fault';
import { CodedTexts } from '@rastro/metrics';
import type { Scores, ScoringRequest } from '@rastro/usecases';
import type { OutputPlan } from './output-plan.ts';
import { type Matrix, toProbabilities } from './probabilities.ts';

/** What a model answered for a batch, before it is made sense of. */
export interface Answers {
  readonly rows: number;
  readonly labels: CodedTexts | undefined;
  /** Scores or values. */
  readonly matrix: Matrix | undefined;
}

/** A label may tie with the greatest probability up to rounding. */
const tie = 1e-6;

/** @throws InputError `model-outputs-unsupported` when the output has several values per row */
export function toValues({ rows, matrix }: Answers): Scores {
  const { name, width, values } = matrix!;
  if (width !== 1) {
    throw new InputError(
      fault(
        'model-outputs-unsupported',
        `output ${JSON.stringify(name)} gives ${width} values per row, and a regression has one`,
        undefined,
        'Check the task of the model: this looks like a classifier, or a regression of several targets.',
      ),
    );
  }
  return { rows, values };
}

/**
 * Labels and probabilities by class, or with a score per row that of the second class. Without a label output, the label is the
 * class of the highest probability, the first of them in a tie; by a score per row it is left to who asks, unless there is a tie.
 * @throws InputError `model-classes-unclear` when the classes do not fit the scores, the labels or the task;
 * `model-scores-unclear`
 */
export function toClasses(
  { rows, labels, matrix }: Answers,
  plan: OutputPlan & { kind: 'classes' },
  request: ScoringRequest,
): Scores {
  if (!matrix) return { rows, labels: labels!, ...(plan.classes ? { classes: plan.classes } : {}) };
  if (matrix.width === 1 && request.task !== 'binary') {
    throw unclear(
      `output ${JSON.stringify(matrix.name)} gives one score per row, and a ${request.task} task needs one per class`,
    );
  }
  const { classes, isCertain } = chooseClasses(Math.max(2, matrix.width), plan, request);
  const scores = toProbabilities(matrix, plan.logits);
  if (!labels && matrix.width === 1) {
    return { rows, classes, scores, ...(scores.includes(0.5) ? { labels: aboveHalf(scores, classes) } : {}) };
  }
  if (!labels) return { rows, classes, scores, labels: mostLikely(scores, classes) };
  const disagreements = countDisagreements(labels, scores, classes);
  if (disagreements > 0 && !isCertain) {
    throw unclear(
      `the model does not say the order of its classes, and its labels do not fit the order ${classes.join(', ')}`,
    );
  }
  return { rows, classes, scores, labels, ...(disagreements > 0 ? { disagreements } : {}) };
}

/** The order that the model names, else the one that the caller names, else 0, 1, 2… */
function chooseClasses(
  size: number,
  { classes: own }: OutputPlan & { kind: 'classes' },
  { task, classes: given }: ScoringRequest,
): { classes: readonly string[]; isCertain: boolean } {
  if (task === 'binary' && size !== 2) {
    throw unclear(`the model gives ${size} scores per row, and a binary task has two classes`);
  }
  const isSameSet = given && own && given.length === own.length && given.every((name) => own.includes(name));
  const chosen = given && !isSameSet ? given : own;
  if (!chosen)
    return { classes: Array.from({ length: size }, (_, index) => String(index)), isCertain: false };
  if (chosen.length !== size) {
    throw unclear(
      `the model gives ${size} scores per row for ${chosen.length} classes: ${chosen.join(', ')}`,
    );
  }
  return { classes: chosen, isCertain: true };
}

function mostLikely(scores: Float64Array, classes: readonly string[]): CodedTexts {
  const width = classes.length;
  const codes = new Uint32Array(scores.length / width);
  for (let row = 0, start = 0; row < codes.length; row++, start += width) {
    let best = start;
    for (let at = start + 1; at < start + width; at++) if (scores[at]! > scores[best]!) best = at;
    codes[row] = best - start;
  }
  return new CodedTexts(codes, classes);
}

/** The second class where its score is above 0.5. */
function aboveHalf(scores: Float64Array, classes: readonly string[]): CodedTexts {
  const codes = new Uint32Array(scores.length);
  for (let row = 0; row < codes.length; row++) codes[row] = Number(scores[row]! > 0.5);
  return new CodedTexts(codes, classes);
}

function countDisagreements(labels: CodedTexts, scores: Float64Array, classes: readonly string[]): number {
  const width = classes.length;
  const columns = labels.values.map((label) => {
    const column = classes.indexOf(label!);
    if (column >= 0) return column;
    throw unclear(
      `the model answers ${JSON.stringify(label)}, which is not one of its classes: ${classes.join(', ')}`,
    );
  });
  if (scores.length === labels.length) return countDisagreementsWithOne(labels, scores, columns);
  let count = 0;
  for (let row = 0, start = 0; row < labels.length; row++, start += width) {
    const own = scores[start + columns[labels.codes[row]!]!]!;
    for (let at = start; at < start + width; at++) {
      if (scores[at]! > own + tie) {
        count++;
        break;
      }
    }
  }
  return count;
}

function countDisagreementsWithOne(
  { codes }: CodedTexts,
  scores: Float64Array,
  columns: readonly number[],
): number {
  let count = 0;
  for (let row = 0; row < codes.length; row++) {
    const second = scores[row]!;
    const first = 1 - second;
    const isSecond = columns[codes[row]!] === 1;
    if (isSecond ? first > second + tie : second > first + tie) count++;
  }
  return count;
}

function unclear(message: string): InputError {
  return new InputError(
    fault(
      'model-classes-unclear',
      message,
      undefined,
      'Export the model with its class labels, or check the task and the classes that are given for it.',
    ),
  );
}
