import { fault, InputError } from '@rastro/fault';

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
export function classesIn(truth: readonly string[], predictions: readonly string[]): string[] {
  const inTruth = sortedLabels(truth);
  const read = labelReader(inTruth);
  const others = [...new Set(predictions)].filter((label) => read(label) === undefined);
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

/** @throws InputError when a label is missing or none of the classes. `what` names the column in the message. */
export function encode(
  labels: readonly (string | null)[],
  classes: readonly string[],
  what: string,
): Uint16Array {
  const read = labelReader(classes);
  const codes = new Uint16Array(labels.length);
  const met: string[] = [];
  const metCodes: number[] = [];
  const later = new Map<string, number>();
  for (let row = 0; row < codes.length; row++) {
    const label = labels[row]!;
    // Comparing with a few texts is several times cheaper than hashing each.
    const at = label === null ? -1 : met.indexOf(label);
    if (at >= 0) {
      codes[row] = metCodes[at]!;
      continue;
    }
    const code = later.get(label) ?? codeOf(label, row, { classes, read }, what);
    codes[row] = code;
    if (met.length < FEW) {
      met.push(label);
      metCodes.push(code);
    } else later.set(label, code);
  }
  return codes;
}

const FEW = 8;

function codeOf(
  label: string | null,
  row: number,
  { classes, read }: { classes: readonly string[]; read: LabelReader },
  what: string,
): number {
  if (label === null) throw missingValue(what, row);
  const known = read(label);
  if (known !== undefined) return known;
  throw new InputError(
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
