import { fault, InputError } from '@rastro/fault';
import type { CodedTexts } from './coded-texts.ts';

/** Finds a label's number among the classes. */
export type LabelReader = (label: string) => number | undefined;

/**
 * Matches labels exactly, then as numbers and truth values, because the same label comes as `1`, `1.0` or `true` from
 * different files and models.
 */
export function labelReader(classes: readonly string[]): LabelReader {
  const exact = new Map(classes.map((label, code) => [label, code]));
  const loose = new Map<string, number>();
  for (const [code, label] of classes.entries()) {
    const plain = plainForm(label);
    if (!loose.has(plain)) loose.set(plain, code);
  }
  return (label) => exact.get(label) ?? loose.get(plainForm(label));
}

function plainForm(label: string): string {
  const text = label.trim();
  if (/^true$/i.test(text)) return '1';
  if (/^false$/i.test(text)) return '0';
  return isNumber(text) ? String(Number(text)) : text;
}

function isNumber(text: string): boolean {
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text);
}

/** Numbers by size, anything else by code units. */
export function sortedLabels(labels: Iterable<string>): string[] {
  const distinct = [...new Set(labels)];
  if (distinct.every(isNumber)) return distinct.sort((a, b) => Number(a) - Number(b));
  return distinct.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

/** The classes that truth and predictions hold, when the model does not say. */
export function classesIn(truth: CodedTexts, predictions: CodedTexts | undefined): string[] {
  const inTruth = sortedLabels(occurring(truth, 'truth'));
  const read = labelReader(inTruth);
  const predicted = predictions ? occurring(predictions, 'prediction') : [];
  const others = predicted.filter((label) => read(label) === undefined);
  return sortedLabels([...inTruth, ...others]);
}

/**
 * The negative and the positive class of a binary task. Without `positive` it is the label 1, true or yes, or else the
 * greater one.
 * @throws InputError when there are more than two classes, or the positive one is not among them.
 */
export function binaryClasses(classes: readonly string[], positive: string | undefined): [string, string] {
  if (classes.length > 2) {
    throw new InputError(
      fault(
        'too-many-classes',
        `a binary task has two classes, but there are ${classes.length}: ${classes.slice(0, 10).join(', ')}`,
        undefined,
        'Set the task to multiclass, or correct the labels.',
      ),
    );
  }
  if (classes.length < 2) return withAbsentClass(classes[0], positive);
  const chosen =
    positive === undefined ? classes.findIndex(looksPositive) : (labelReader(classes)(positive) ?? -1);
  if (positive !== undefined && chosen < 0) {
    throw new InputError(
      fault(
        'positive-absent',
        `the positive label "${positive}" is none of the classes ${classes.join(', ')}`,
        undefined,
        `Set it to one of ${classes.join(', ')}.`,
      ),
    );
  }
  const [first, second] = [classes[0]!, classes[1]!];
  if (chosen < 0) return sortedLabels(classes) as [string, string];
  return chosen === 0 ? [second, first] : [first, second];
}

function looksPositive(label: string): boolean {
  return plainForm(label) === '1' || /^(yes|y|positive)$/i.test(label.trim());
}

function withAbsentClass(label: string | undefined, positive: string | undefined): [string, string] {
  if (label === undefined) return ['0', positive ?? '1'];
  const isPositive = positive === undefined ? looksPositive(label) : labelReader([label])(positive) === 0;
  if (isPositive) return [label === '1' ? '0' : `not ${label}`, label];
  return [label, positive ?? (label === '0' ? '1' : `not ${label}`)];
}

/** The texts that rows have. @throws InputError when one is missing; `what` names the column in the message. */
function occurring(texts: CodedTexts, what: string): string[] {
  const firstRows = texts.firstRows();
  return texts.values.flatMap((text, code) => {
    if (firstRows[code] === -1) return [];
    if (text === null) throw missingValue(what, firstRows[code]!);
    return [text];
  });
}

/** The class of each row. @throws InputError when a label is missing or none of the classes. */
export function encode(labels: CodedTexts, classes: readonly string[], what: string): Uint16Array {
  const classOf = classOfValues(labels, classes, what);
  const codes = new Uint16Array(labels.length);
  for (let row = 0; row < codes.length; row++) codes[row] = classOf[labels.codes[row]!]!;
  return codes;
}

/** The class of each value that rows have. @throws InputError when one is missing or none of the classes. */
export function classOfValues(labels: CodedTexts, classes: readonly string[], what: string): Uint16Array {
  const read = labelReader(classes);
  const found = labels.values.map((label) => (label === null ? undefined : read(label)));
  const unread = found.includes(undefined) ? labels.codes.findIndex((code) => found[code] === undefined) : -1;
  if (unread >= 0) throw unknownLabel(labels.at(unread)!, unread, classes, what);
  return Uint16Array.from(found, (code) => code ?? 0);
}

function unknownLabel(
  label: string | null,
  row: number,
  classes: readonly string[],
  what: string,
): InputError {
  if (label === null) return missingValue(what, row);
  return new InputError(
    fault(
      'unknown-label',
      `the ${what} of row ${row + 1} is "${label}", which is none of the model's classes ${listed(classes)}`,
      undefined,
      'Correct the label, or list "classes:" in rastro.yaml, in the order of the scores.',
    ),
  );
}

const LISTED = 10;

function listed(classes: readonly string[]): string {
  const rest = classes.length - LISTED;
  return `${classes.slice(0, LISTED).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

export function missingValue(what: string, row: number): InputError {
  return new InputError(
    fault(
      'missing-value',
      `the ${what} of row ${row + 1} is missing`,
      undefined,
      `Leave out rows without a ${what}, or fill it in.`,
    ),
  );
}
