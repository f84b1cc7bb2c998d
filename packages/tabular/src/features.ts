import { type Fault, fault, InputError } from '@rastro/fault';
import { type Column, isNumeric } from './column.ts';

/** Numbers as the model will read them: rounded to 32-bit floats, NaN where missing. */
export interface NumericFeature {
  readonly kind: 'numeric';
  readonly name: string;
  readonly values: Float32Array;
}

/** Texts as codes into the categories, which stand most frequent first. A missing value is the category ''. */
export interface CategoricalFeature {
  readonly kind: 'categorical';
  readonly name: string;
  readonly categories: readonly string[];
  readonly codes: Uint16Array;
}

export type Feature = NumericFeature | CategoricalFeature;

/** More than this and a column is an identifier or free text, from which a model learns the rows by heart. */
export const MAX_CATEGORIES = 1000;

/** What the written model calls its outputs; an input of the same name would make it invalid. */
const OUTPUT_NAMES: readonly string[] = ['label', 'probabilities', 'prediction'];

/**
 * Turns columns into features.
 * @throws InputError with every fault of every column: no rows or columns, unequal lengths, a name that is empty, repeated
 * or taken by an output, the target among them or a copy of it, infinite numbers, no value at all, too many categories.
 */
export function readFeatures(columns: readonly Column[], target: Column): Feature[] {
  refuse(tableFaults(columns, target));
  const features: Feature[] = [];
  const faults: Fault[] = [];
  for (const column of columns) {
    const feature = isNumeric(column.data)
      ? readNumbers(column.name, column.data)
      : readCategories(column.name, column.data);
    if ('code' in feature) faults.push(feature);
    else features.push(feature);
  }
  refuse(faults);
  return features;
}

function refuse(faults: readonly Fault[]): void {
  if (faults.length > 0) throw new InputError(faults);
}

function tableFaults(columns: readonly Column[], target: Column): Fault[] {
  const faults: Fault[] = [];
  if (columns.length === 0) {
    faults.push(
      fault('no-features', 'there is no column to learn from', undefined, 'Name columns under "features".'),
    );
  }
  if (target.data.length === 0) {
    faults.push(
      fault('no-rows', 'the training data has no rows', undefined, 'Check the path of the dataset.'),
    );
  }
  const seen = new Set<string>();
  for (const column of columns) {
    if (seen.has(column.name)) {
      faults.push(
        fault(
          'duplicate-column',
          `column "${column.name}" is there twice`,
          undefined,
          'Rename one of the two.',
        ),
      );
    }
    seen.add(column.name);
    faults.push(...columnFaults(column, target));
  }
  return faults;
}

function columnFaults(column: Column, target: Column): Fault[] {
  const { name, data } = column;
  if (name === target.name) {
    return [
      fault(
        'target-among-features',
        `the target "${name}" is among the features`,
        undefined,
        'Leave it out of "features".',
      ),
    ];
  }
  if (name === '' || OUTPUT_NAMES.includes(name)) {
    const why = name === '' ? 'a column has no name' : `column "${name}" has the name of a model output`;
    return [fault('column-name', why, undefined, 'Rename the column.')];
  }
  if (data.length !== target.data.length) {
    return [
      fault(
        'column-length',
        `column "${name}" has ${data.length} rows, but the target has ${target.data.length}`,
        undefined,
        'Give each column one value for every row.',
      ),
    ];
  }
  if (data.length > 1 && isCopy(column, target)) {
    return [
      fault(
        'target-copy',
        `column "${name}" equals the target "${target.name}" in every row`,
        undefined,
        'Leave the column out of "features": it gives the answer away.',
      ),
    ];
  }
  return [];
}

function isCopy(column: Column, target: Column): boolean {
  const { data } = column;
  return (
    isNumeric(data) === isNumeric(target.data) &&
    data.every((value, row) => Object.is(value, target.data[row]))
  );
}

function readNumbers(name: string, data: Float64Array): NumericFeature | Fault {
  const values = Float32Array.from(data);
  const bad = values.findIndex((value) => value === Infinity || value === -Infinity);
  if (bad >= 0) {
    const count = values.reduce((sum, value) => sum + (Math.abs(value) === Infinity ? 1 : 0), 0);
    return fault(
      'not-finite',
      `column "${name}" has ${count} numbers that are infinite or beyond a 32-bit float (first: ${data[bad]} in row ${bad + 1})`,
      undefined,
      'Make them missing, or clip them.',
    );
  }
  return values.every(Number.isNaN) ? empty(name) : { kind: 'numeric', name, values };
}

function readCategories(name: string, data: readonly (string | null)[]): CategoricalFeature | Fault {
  const counts = new Map<string, number>();
  for (const value of data) counts.set(value ?? '', (counts.get(value ?? '') ?? 0) + 1);
  if (counts.size === 1 && counts.has('')) return empty(name);
  if (counts.size > MAX_CATEGORIES) {
    return fault(
      'too-many-categories',
      `text column "${name}" has ${counts.size} different values, more than ${MAX_CATEGORIES}`,
      undefined,
      'Leave it out of "features" if it is an identifier or free text, or group its values.',
    );
  }
  const byCount = ([a, n]: [string, number], [b, m]: [string, number]) => m - n || (a < b ? -1 : 1);
  const categories = [...counts].sort(byCount).map(([category]) => category);
  const code = new Map(categories.map((category, index) => [category, index]));
  return {
    kind: 'categorical',
    name,
    categories,
    codes: Uint16Array.from(data, (value) => code.get(value ?? '')!),
  };
}

function empty(name: string): Fault {
  return fault(
    'column-empty',
    `column "${name}" has no value in any row`,
    undefined,
    'Leave it out of "features", or check how the file is read.',
  );
}
