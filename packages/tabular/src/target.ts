import { fault, InputError } from '@rastro/fault';
import { type Column, type ColumnData, isNumeric, type Task } from './column.ts';

/** The truth for a classifier: a code per row into the classes, which stand in ascending order. */
export interface ClassTarget {
  readonly kind: 'classes';
  readonly classes: readonly string[] | readonly number[];
  readonly codes: Uint8Array;
}

export interface NumberTarget {
  readonly kind: 'numbers';
  readonly values: Float64Array;
}

export type Target = ClassTarget | NumberTarget;

/** One output per class: beyond this a target is a number or an identifier. */
export const MAX_CLASSES = 255;

/**
 * Turns the target column into what its task learns.
 * @throws InputError when it has missing or infinite values, is text for a regression or fractions for a classification,
 * has one class or value only, or another number of classes than the task.
 */
export function readTarget(column: Column, task: Task): Target {
  refuseMissing(column);
  return task === 'regression' ? readNumbers(column) : readClasses(column, task);
}

function refuseMissing({ name, data }: Column): void {
  const isMissing = (value: number | string | null | undefined) =>
    value === null || value === '' || Number.isNaN(value);
  let missing = 0;
  let first = -1;
  for (let row = 0; row < data.length; row++) {
    if (!isMissing(data[row])) continue;
    missing++;
    if (first < 0) first = row;
  }
  if (missing === 0) return;
  throw problem(
    'target-missing',
    `the target "${name}" is missing in ${missing} of ${data.length} rows (first: row ${first + 1})`,
    'Remove those rows, or fill them in.',
  );
}

function readNumbers({ name, data }: Column): NumberTarget {
  if (!isNumeric(data)) {
    throw problem(
      'target-not-numeric',
      `the target "${name}" is text, but the task is regression`,
      'Set another "task".',
    );
  }
  const bad = data.findIndex((value) => !Number.isFinite(Math.fround(value)));
  if (bad >= 0) {
    throw problem(
      'target-not-finite',
      `the target "${name}" is ${data[bad]} in row ${bad + 1}, which is infinite or beyond a 32-bit float`,
      'Remove such rows, or clip them.',
    );
  }
  if (data.every((value) => value === data[0])) {
    throw problem(
      'target-constant',
      `the target "${name}" is ${data[0]} in every row`,
      'Give data in which it varies.',
    );
  }
  return { kind: 'numbers', values: data };
}

function readClasses({ name, data }: Column, task: 'binary' | 'multiclass'): ClassTarget {
  if (isNumeric(data)) refuseFractions(name, data);
  const classes = distinct(data);
  if (classes.length === 1) {
    throw problem(
      'target-constant',
      `the target "${name}" is ${classes[0]} in every row`,
      'Give data in which it varies.',
    );
  }
  if (task === 'binary' && classes.length !== 2) {
    const some = classes.slice(0, 5).join(', ');
    throw problem(
      'target-classes',
      `the target "${name}" has ${classes.length} classes (${some}${classes.length > 5 ? ', …' : ''}), but the task is binary`,
      'Set "task: multiclass", or mend the data.',
    );
  }
  if (classes.length > MAX_CLASSES) {
    throw problem(
      'target-classes',
      `the target "${name}" has ${classes.length} classes, more than ${MAX_CLASSES}`,
      'Set "task: regression" if it is a quantity, or group the classes.',
    );
  }
  const code = new Map<string | number | null, number>(classes.map((label, index) => [label, index]));
  const codes = new Uint8Array(data.length);
  for (let row = 0; row < data.length; row++) codes[row] = code.get(data[row]!)!;
  return { kind: 'classes', classes, codes };
}

function refuseFractions(name: string, data: Float64Array): void {
  const bad = data.findIndex((value) => !Number.isSafeInteger(value));
  if (bad < 0) return;
  throw problem(
    'target-not-integer',
    `the target "${name}" is ${data[bad]} in row ${bad + 1}, but numeric classes must be whole numbers`,
    'Set "task: regression" if it is a quantity.',
  );
}

function distinct(data: ColumnData): string[] | number[] {
  // Adding 0 makes -0 the same class as 0.
  if (isNumeric(data)) return [...new Set(data.map((value) => value + 0))].sort((a, b) => a - b);
  return [...new Set(data as readonly string[])].sort((a, b) => (a < b ? -1 : 1));
}

function problem(code: string, message: string, next: string): InputError {
  return new InputError(fault(code, message, undefined, next));
}
