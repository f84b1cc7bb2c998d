import { argsort } from './argsort.ts';

/** Bit 0 of a mark: the row is positive. */
export const POSITIVE = 1;
/** Bit 1: it is the last of those with its score. */
export const LAST_OF_TIE = 2;

/** Scores from the highest to the lowest, each with the mark of its row; of equal scores the later row comes first. */
export interface SortedScores {
  readonly scores: Float64Array;
  readonly marks: Uint8Array;
  /** Which row stands where, where the sort carried them along. */
  readonly rows: Uint32Array | undefined;
}

/** Scores must not be NaN; `isPositive` holds 0 or 1. */
export function sortScores(scores: Float64Array, isPositive: Uint8Array): SortedScores {
  const keys = keysWithBit(scores, isPositive);
  return keys ? unpacked(sortedKeys(keys)) : sortedByRow(scores, isPositive);
}

/**
 * What most models answer are float32 from 0 up: without their sign, which is 0, they leave room for the bit of their row in
 * 32 bits that order as they do. -0 counts as 0. Undefined for any others.
 */
function keysWithBit(scores: Float64Array, isPositive: Uint8Array): Uint32Array<ArrayBuffer> | undefined {
  const singles = new Float32Array(scores.length);
  const keys = new Uint32Array(singles.buffer);
  for (let i = 0; i < keys.length; i++) {
    const score = scores[i]! + 0;
    singles[i] = score;
    if (singles[i] !== score || keys[i]! >>> 31 === 1) return undefined;
    keys[i] = (keys[i]! << 1) | isPositive[i]!;
  }
  return keys;
}

/** A radix sort, ascending; the bit of the row is carried along and not sorted by. */
function sortedKeys(unsorted: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const digits: [Digit, Digit, Digit] = [
    { shift: 1, starts: new Uint32Array(2048) },
    { shift: 12, starts: new Uint32Array(2048) },
    { shift: 23, starts: new Uint32Array(512) },
  ];
  let keys = unsorted;
  let spare = new Uint32Array(keys.length);
  countDigits(keys, digits);
  for (const { shift, starts } of digits) {
    const mask = starts.length - 1;
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i]!;
      spare[starts[(key >>> shift) & mask]!++] = key;
    }
    [keys, spare] = [spare, keys];
  }
  return keys;
}

/** Sets where the keys of each digit start: in one pass, as their order does not matter to it. */
function countDigits(keys: Uint32Array, [low, middle, high]: readonly [Digit, Digit, Digit]): void {
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!;
    low.starts[(key >>> 1) & 2047]!++;
    middle.starts[(key >>> 12) & 2047]!++;
    high.starts[key >>> 23]!++;
  }
  for (const { starts } of [low, middle, high]) {
    let sum = 0;
    for (let digit = 0; digit < starts.length; digit++) {
      const count = starts[digit]!;
      starts[digit] = sum;
      sum += count;
    }
  }
}

interface Digit {
  readonly shift: number;
  readonly starts: Uint32Array;
}

function unpacked(ascending: Uint32Array<ArrayBuffer>): SortedScores {
  const count = ascending.length;
  const singles = new Float32Array(ascending.buffer);
  const scores = new Float64Array(count);
  const marks = new Uint8Array(count);
  for (let i = 0, from = count - 1; i < count; i++, from--) {
    const key = ascending[from]!;
    const isLast = from === 0 || ascending[from - 1]! >>> 1 !== key >>> 1;
    marks[i] = (key & 1) | (isLast ? LAST_OF_TIE : 0);
    ascending[from] = key >>> 1;
    scores[i] = singles[from]!;
  }
  return { scores, marks, rows: undefined };
}

function sortedByRow(scores: Float64Array, isPositive: Uint8Array): SortedScores {
  const rows = argsort(scores).reverse();
  const sorted = Float64Array.from(rows, (row) => scores[row]!);
  const marks = Uint8Array.from(rows, (row) => isPositive[row]!);
  for (let i = 0; i < marks.length; i++) if (sorted[i] !== sorted[i + 1]) marks[i]! |= LAST_OF_TIE;
  return { scores: sorted, marks, rows };
}
