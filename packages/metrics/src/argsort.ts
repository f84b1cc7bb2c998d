/**
 * The row numbers that put `values` in ascending order; equal values keep their order. Values must not be NaN.
 *
 * A radix sort on the bits: of float32 where every value is one, as those of most models are, else of the doubles.
 */
export function argsort(values: Float64Array): Uint32Array {
  return areSingles(values) ? argsortSingles(values) : argsortDoubles(values);
}

function areSingles(values: Float64Array): boolean {
  for (let i = 0; i < values.length; i++) if (Math.fround(values[i]!) !== values[i]) return false;
  return true;
}

const SINGLE_DIGITS = [0, 11, 22];
const SINGLE_BUCKETS = 2048;

/** Keys move together with their rows, so that every pass reads memory in order. */
function argsortSingles(values: Float64Array): Uint32Array {
  let keys = singleKeys(values);
  let order = new Uint32Array(values.length);
  for (let row = 0; row < order.length; row++) order[row] = row;
  let spareKeys = new Uint32Array(values.length);
  let spare = new Uint32Array(values.length);
  const starts = new Uint32Array(SINGLE_BUCKETS);
  for (const shift of SINGLE_DIGITS) {
    starts.fill(0);
    for (let i = 0; i < keys.length; i++) starts[(keys[i]! >>> shift) & (SINGLE_BUCKETS - 1)]!++;
    let sum = 0;
    for (let bucket = 0; bucket < SINGLE_BUCKETS; bucket++) {
      const count = starts[bucket]!;
      starts[bucket] = sum;
      sum += count;
    }
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i]!;
      const to = starts[(key >>> shift) & (SINGLE_BUCKETS - 1)]!++;
      spareKeys[to] = key;
      spare[to] = order[i]!;
    }
    [keys, spareKeys] = [spareKeys, keys];
    [order, spare] = [spare, order];
  }
  return order;
}

/** 32 bits a row that order as the numbers do. -0 counts as 0. */
function singleKeys(values: Float64Array): Uint32Array<ArrayBuffer> {
  const singles = new Float32Array(values.length);
  for (let i = 0; i < values.length; i++) singles[i] = values[i]! + 0;
  const keys = new Uint32Array(singles.buffer);
  for (let i = 0; i < keys.length; i++) {
    const bits = keys[i]!;
    keys[i] = bits >>> 31 === 1 ? ~bits : bits | 0x80000000;
  }
  return keys;
}

/** 16 bits at a time; a digit that is the same in every row costs nothing. */
function argsortDoubles(values: Float64Array): Uint32Array {
  const rows = values.length;
  const keys = sortableBits(values);
  let order = Uint32Array.from({ length: rows }, (_, i) => i);
  let spare = new Uint32Array(rows);
  const starts = new Uint32Array(65_536);
  for (let digit = 0; digit < 4; digit++) {
    starts.fill(0);
    for (let i = 0; i < rows; i++) starts[keys[4 * i + digit]!]!++;
    if (rows > 0 && starts[keys[digit]!] === rows) continue;
    let sum = 0;
    for (let key = 0; key < starts.length; key++) {
      const count = starts[key]!;
      starts[key] = sum;
      sum += count;
    }
    for (let i = 0; i < rows; i++) {
      const row = order[i]!;
      spare[starts[keys[4 * row + digit]!]!++] = row;
    }
    [order, spare] = [spare, order];
  }
  return order;
}

/** Four 16-bit digits a row, least significant first, that order as the doubles do. -0 counts as 0. */
function sortableBits(values: Float64Array): Uint16Array {
  const copy = values.slice();
  for (let i = 0; i < copy.length; i++) copy[i]! += 0;
  const words = new Uint32Array(copy.buffer);
  const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
  const digits = new Uint16Array(values.length * 4);
  for (let i = 0; i < values.length; i++) {
    const low = words[2 * i + (littleEndian ? 0 : 1)]!;
    const high = words[2 * i + (littleEndian ? 1 : 0)]!;
    const flip = high >>> 31 === 1 ? 0xffffffff : 0;
    const sortedLow = (low ^ flip) >>> 0;
    const sortedHigh = (high ^ (flip | 0x80000000)) >>> 0;
    digits[4 * i] = sortedLow & 0xffff;
    digits[4 * i + 1] = sortedLow >>> 16;
    digits[4 * i + 2] = sortedHigh & 0xffff;
    digits[4 * i + 3] = sortedHigh >>> 16;
  }
  return digits;
}
