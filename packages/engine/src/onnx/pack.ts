import { InputError } from '@rastro/fault';
import type { ColumnData } from '@rastro/usecases';

/** Which rows of a batch to pack, and how many the tensor must have: the last row is repeated to fill it up. */
export interface Rows {
  readonly start: number;
  readonly count: number;
  readonly size: number;
  /** What to add to a row's index in a message. */
  readonly firstRow: number;
}

export interface NamedColumn {
  readonly name: string;
  readonly values: ColumnData;
}

export type TensorData =
  | string[]
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

type NumberArray = Exclude<TensorData, string[] | BigInt64Array | BigUint64Array>;

/** Whole numbers that a type can hold; a double holds no larger ones exactly. */
const ranges: Readonly<Record<string, readonly [number, number]>> = {
  bool: [0, 1],
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32_768, 32_767],
  uint16: [0, 65_535],
  int32: [-2_147_483_648, 2_147_483_647],
  uint32: [0, 4_294_967_295],
  int64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  uint64: [0, Number.MAX_SAFE_INTEGER],
};

/** The types that a column of numbers can be packed as. */
export function isNumeric(type: string): boolean {
  return type in ranges || ['float', 'double', 'float16'].includes(type);
}

/**
 * Columns side by side in one row-major tensor of shape [rows.size, columns.length], in `memory` where that has the room.
 * A missing text becomes the empty text; a missing number stays NaN where the type has one.
 * @throws InputError `integer-expected` when the type holds whole numbers and a value is missing, broken or out of range
 */
export function pack(
  type: string,
  columns: readonly NamedColumn[],
  rows: Rows,
  memory?: ArrayBuffer,
): TensorData {
  const length = rows.size * columns.length;
  switch (type) {
    case 'string':
      return fill(new Array<string>(length), columns, rows, (value) => (value as string | null) ?? '');
    case 'int64':
      return fill(arrayIn(BigInt64Array, length, memory), columns, rows, whole(type, rows, BigInt));
    case 'uint64':
      return fill(arrayIn(BigUint64Array, length, memory), columns, rows, whole(type, rows, BigInt));
    case 'float':
    case 'double':
    case 'float16':
      return fillNumbers(arrayIn(numberArrays(type), length, memory), columns, rows);
    default:
      return fill(arrayIn(numberArrays(type), length, memory), columns, rows, whole(type, rows, Number));
  }
}

interface ArrayType<T> {
  readonly BYTES_PER_ELEMENT: number;
  new (length: number): T;
  new (memory: ArrayBuffer, offset: number, length: number): T;
}

function arrayIn<T>(type: ArrayType<T>, length: number, memory: ArrayBuffer | undefined): T {
  const isRoom = memory !== undefined && memory.byteLength >= length * type.BYTES_PER_ELEMENT;
  return isRoom ? new type(memory, 0, length) : new type(length);
}

function numberArrays(type: string): ArrayType<NumberArray> {
  switch (type) {
    case 'float':
      return Float32Array;
    case 'double':
      return Float64Array;
    case 'float16':
      return float16Array()!;
    case 'int8':
      return Int8Array;
    case 'uint8':
    case 'bool':
      return Uint8Array;
    case 'int16':
      return Int16Array;
    case 'uint16':
      return Uint16Array;
    case 'int32':
      return Int32Array;
    case 'uint32':
      return Uint32Array;
    default:
      throw new TypeError(`no array holds ${type}`);
  }
}

/** JavaScript's own array of half-precision numbers, from Node.js 24 on. It reads and writes like a Float32Array. */
export function float16Array(): Float32ArrayConstructor | undefined {
  return (globalThis as unknown as { Float16Array?: Float32ArrayConstructor }).Float16Array;
}

/** Rows at a time, so that what is written stays in the processor's first cache until all columns are in it. */
const BLOCK = 128;

function fillNumbers<T extends NumberArray>(out: T, columns: readonly NamedColumn[], rows: Rows): T {
  const width = columns.length;
  const { start, count, size } = rows;
  const numbers = columns.map(({ values }) => values as Float64Array);
  for (let first = 0; first < count; first += BLOCK) {
    const end = Math.min(first + BLOCK, count);
    for (let column = 0; column < width; column++)
      fillBlock(out, numbers[column]!, { start, first, end, column, width });
  }
  for (let row = count; row < size; row++) out.copyWithin(row * width, (count - 1) * width, count * width);
  return out;
}

function fillBlock(
  out: NumberArray,
  values: Float64Array,
  {
    start,
    first,
    end,
    column,
    width,
  }: { start: number; first: number; end: number; column: number; width: number },
): void {
  let at = first * width + column;
  for (let row = start + first; row < start + end; row++, at += width) out[at] = values[row]!;
}

function fill<T, A extends { [index: number]: T }>(
  out: A,
  columns: readonly NamedColumn[],
  rows: Rows,
  convert: (value: string | number | null, column: NamedColumn, row: number) => T,
): A {
  columns.forEach((column, index) => {
    for (let row = 0; row < rows.size; row++) {
      const source = rows.start + Math.min(row, rows.count - 1);
      out[row * columns.length + index] = convert(column.values[source]!, column, source);
    }
  });
  return out;
}

function whole<T>(type: string, { firstRow }: Rows, convert: (value: number) => T) {
  const [least, greatest] = ranges[type]!;
  return (value: string | number | null, column: NamedColumn, row: number): T => {
    const number = value as number;
    if (Number.isInteger(number) && number >= least && number <= greatest) return convert(number);
    const what = Number.isNaN(number) ? 'is missing' : `is ${number}`;
    throw new InputError({
      code: 'integer-expected',
      message: `column ${JSON.stringify(column.name)} ${what} in row ${firstRow + row + 1}, and the model reads it as ${type}`,
      next: 'Fill or correct the value in the data, or export the model with a float input.',
    });
  };
}
