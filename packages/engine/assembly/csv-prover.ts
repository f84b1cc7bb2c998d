/**
 * Proves, many bytes at a time, that delimited text is plain and which tests every value of it passes. It may only ever prove: what
 * it cannot prove is judged by slower code that tells where and why. See src/duckdb/csv-prover.ts, which lays out the memory.
 *
 * AssemblyScript: compiled to WebAssembly by build.mjs.
 */

/** What is asked of a column. Sixteen words of four bytes, so laid out that every field is aligned. */
@unmanaged
class Column {
  /** Bounds of a number; of a date as YYYYMMDD, and of a date with time as YYYYMMDDhhmmss. */
  low: f64;
  high: f64;
  isLowOpen: i32;
  isHighOpen: i32;
  /** How values are written: one of the kinds below. */
  kind: i32;
  /** Tests that are asked, as bits. */
  asked: i32;
  /** Tests that some value has not passed, as bits. */
  unproven: i32;
  minLength: i32;
  maxLength: i32;
  /** Where automata are that the whole text must pass; 0 is none. */
  missing: usize;
  type: usize;
  oneOf: usize;
  format: usize;
  pattern: usize;
}

const COLUMN_BYTES: usize = 64;

const NOTHING = 0;
const TEXT = 1;
const INTEGER = 2;
const NUMBER = 3;
const DATE = 4;
const DATETIME = 5;

const PRESENT = 1;
const TYPE = 2;
const RANGE = 4;
const LENGTH = 8;
const ONE_OF = 16;
const FORMAT = 32;
const PATTERN = 64;
const TRIMMED = 128;
/** All that is asked of a value that is there. */
const VALUE = TYPE | RANGE | LENGTH | ONE_OF | FORMAT | PATTERN | TRIMMED;

const LF: u8 = 10;
const CR: u8 = 13;

let delimiter: u8 = 0;
let quote: u8 = 0;
let comment: i32 = -1;
let isCrLf: bool = false;
let isEmptyMissing: bool = false;
let columns: usize = 0;
let columnsEnd: usize = 0;

/** Records that `prove` has seen whole. */
export let rows: f64 = 0;
/** Bytes of the longest of them. */
export let longest: u32 = 0;
/** Whether the last bytes proven had any that are not ASCII. */
export let hasHighBytes: bool = false;

export function heapBase(): usize {
  return __heap_base;
}

export function configure(
  delimiterByte: u8,
  quoteByte: u8,
  commentByte: i32,
  crLf: bool,
  emptyIsMissing: bool,
  firstColumn: usize,
  columnCount: usize,
): void {
  delimiter = delimiterByte;
  quote = quoteByte;
  comment = commentByte;
  isCrLf = crLf;
  isEmptyMissing = emptyIsMissing;
  columns = firstColumn;
  columnsEnd = firstColumn + columnCount * COLUMN_BYTES;
  rows = 0;
  longest = 0;
}

function maskOf(a: v128, b: v128, c: v128, d: v128, byte: v128): u64 {
  return (
    (i8x16.bitmask(i8x16.eq(a, byte)) as u64) |
    ((i8x16.bitmask(i8x16.eq(b, byte)) as u64) << 16) |
    ((i8x16.bitmask(i8x16.eq(c, byte)) as u64) << 32) |
    ((i8x16.bitmask(i8x16.eq(d, byte)) as u64) << 48)
  );
}

function highBytesOf(a: v128, b: v128, c: v128, d: v128): u64 {
  return (
    (i8x16.bitmask(a) as u64) |
    ((i8x16.bitmask(b) as u64) << 16) |
    ((i8x16.bitmask(c) as u64) << 32) |
    ((i8x16.bitmask(d) as u64) << 48)
  );
}

/**
 * Reads the records in `from..to`, which begins where a record does. Returns where the first one begins that is not whole, or 0
 * when something is not plain: a ragged, blank or commented line, a NUL, a quote amid a field, another line end. Bytes up to 64
 * behind `to` are read, and mean nothing. A record that is not whole may be read again: tests lose nothing by that.
 */
export function prove(from: usize, to: usize): usize {
  const quotes = i8x16.splat(quote as i8);
  const delimiters = i8x16.splat(delimiter as i8);
  const lineFeeds = i8x16.splat(LF as i8);
  const returns = i8x16.splat(CR as i8);
  const nuls = i8x16.splat(0);
  let recordStart = from;
  let fieldStart = from;
  let column = columns;
  // What the block before tells the next: all ones inside of quotes, a one when its last byte ended a field, or closed a quote.
  let inside: u64 = 0;
  let atStart: u64 = 1;
  let atClose: u64 = 0;
  let high: i32 = 0;
  let count: u32 = 0;
  for (let block = from; block < to; block += 64) {
    const left = to - block;
    const live: u64 = left >= 64 ? ~(0 as u64) : ((1 as u64) << (left as u64)) - 1;
    const a = v128.load(block);
    const b = v128.load(block, 16);
    const c = v128.load(block, 32);
    const d = v128.load(block, 48);
    const quoted = maskOf(a, b, c, d, quotes) & live;
    // Whether each byte is inside of quotes: the parity of the quotes up to it.
    let within = quoted;
    within ^= within << 1;
    within ^= within << 2;
    within ^= within << 4;
    within ^= within << 8;
    within ^= within << 16;
    within ^= within << 32;
    within ^= inside;
    const outside = ~within & live;
    const newLines = maskOf(a, b, c, d, lineFeeds) & outside;
    let ends = (maskOf(a, b, c, d, delimiters) & outside) | newLines;
    const carriageReturns = maskOf(a, b, c, d, returns) & outside;
    if (left >= 64) high |= i8x16.bitmask(v128.or(v128.or(a, b), v128.or(c, d)));
    else if ((highBytesOf(a, b, c, d) & live) !== 0) high = 1;
    if ((maskOf(a, b, c, d, nuls) & live) !== 0) return 0;
    if (carriageReturns !== 0) {
      if (!isCrLf) return 0;
      // The last byte's line feed may be in the next block, or not be read yet: then the record is not whole.
      const next: u64 =
        left > 64
          ? load<u8>(block, 64) === LF
            ? (1 as u64) << 63
            : 0
          : (1 as u64) << ((min(left, 64) - 1) as u64);
      if ((carriageReturns & ~((newLines >> 1) | next)) !== 0) return 0;
    }
    const opens = quoted & within;
    const closes = quoted & ~within;
    const starts = (ends << 1) | atStart;
    const afterCloses = (closes << 1) | atClose;
    if ((opens & ~(starts | afterCloses)) !== 0) return 0;
    if ((afterCloses & live & ~(ends | carriageReturns | opens)) !== 0) return 0;
    inside = (0 as u64) - (within >> 63);
    atStart = ends >> 63;
    atClose = closes >> 63;
    while (ends !== 0) {
      const bit = ctz(ends);
      const position = block + (bit as usize);
      ends &= ends - 1;
      if (((newLines >> bit) & 1) === 0) {
        if (changetype<Column>(column).kind !== NOTHING)
          test(changetype<Column>(column), fieldStart, position);
        column += COLUMN_BYTES;
        if (column === columnsEnd) return 0;
      } else {
        let end = position;
        if (isCrLf) {
          end--;
          if (end < recordStart || load<u8>(end) !== CR) return 0;
        }
        if (end === recordStart || column + COLUMN_BYTES !== columnsEnd) return 0;
        if ((load<u8>(recordStart) as i32) === comment) return 0;
        if (changetype<Column>(column).kind !== NOTHING) test(changetype<Column>(column), fieldStart, end);
        column = columns;
        count++;
        longest = max(longest, (end - recordStart) as u32);
        recordStart = position + 1;
      }
      fieldStart = position + 1;
    }
  }
  rows += count as f64;
  hasHighBytes = high !== 0;
  return recordStart;
}

/** Holds one field, quotes and all, to what is asked of its column. */
function test(column: Column, from: usize, to: usize): void {
  let start = from;
  let end = to;
  let isQuoted = false;
  if (start < end && load<u8>(start) === quote) {
    start++;
    end--;
    isQuoted = true;
  }
  if (start === end && isEmptyMissing) {
    column.unproven |= PRESENT;
    return;
  }
  const isByText = (column.missing | column.type | column.oneOf | column.format | column.pattern) !== 0;
  // A doubled quote stands for one: the bytes are not the text.
  if (isQuoted && isByText && hasQuote(start, end)) column.unproven |= PRESENT | VALUE;
  else if (column.missing !== 0 && accepts(column.missing, start, end)) column.unproven |= PRESENT;
  else testValue(column, start, end);
  if ((column.asked & ~column.unproven) === 0) column.kind = NOTHING;
}

function testValue(column: Column, start: usize, end: usize): void {
  switch (column.kind) {
    case TEXT:
      testText(column, start, end);
      return;
    case INTEGER:
    case NUMBER:
      testNumber(column, start, end);
      return;
    case DATE: {
      const day = end - start === 10 ? dayAt(start) : -1;
      if (day < 0) column.unproven |= VALUE;
      else testBounds(column, day, 0);
      return;
    }
    case DATETIME: {
      const time = end - start === 19 ? timeAt(start) : -1;
      if (time < 0) column.unproven |= VALUE;
      else testBounds(column, time, 0);
      return;
    }
  }
}

function testText(column: Column, start: usize, end: usize): void {
  const asked = column.asked & ~column.unproven;
  if ((asked & LENGTH) !== 0 && !hasLength(column, start, end)) column.unproven |= LENGTH;
  if ((asked & TYPE) !== 0 && column.type !== 0 && !accepts(column.type, start, end)) column.unproven |= TYPE;
  if ((asked & ONE_OF) !== 0 && !accepts(column.oneOf, start, end)) column.unproven |= ONE_OF;
  if ((asked & FORMAT) !== 0 && !accepts(column.format, start, end)) column.unproven |= FORMAT;
  if ((asked & PATTERN) !== 0 && !accepts(column.pattern, start, end)) column.unproven |= PATTERN;
  if ((asked & TRIMMED) !== 0 && start < end && (isSpace(load<u8>(start)) || isSpace(load<u8>(end - 1))))
    column.unproven |= TRIMMED;
}

/** White space, or part of a character beyond ASCII that may be some. */
function isSpace(byte: u8): bool {
  return byte <= 32 ? byte >= 28 || (byte >= 9 && byte <= 13) : byte >= 128;
}

/** Runs an automaton: 256 bytes that say which states accept, then for each state the state that each byte leads to; 0 is none. */
function accepts(automaton: usize, start: usize, end: usize): bool {
  let state: usize = 1;
  const moves = automaton + 256;
  for (let at = start; at < end; at++) {
    state = load<u8>(moves + (state << 8) + (load<u8>(at) as usize)) as usize;
    if (state === 0) return false;
  }
  return load<u8>(automaton + state) !== 0;
}

function hasQuote(start: usize, end: usize): bool {
  for (let at = start; at < end; at++) if (load<u8>(at) === quote) return true;
  return false;
}

/** Characters are counted only where the bytes do not tell: a character has one to four, and a quote inside of quotes has two. */
function hasLength(column: Column, start: usize, end: usize): bool {
  const bytes = (end - start) as i32;
  if (bytes <= column.maxLength && bytes >= column.minLength * 8) return true;
  let characters = 0;
  for (let at = start; at < end; at++) {
    const byte = load<u8>(at);
    if (byte === quote && load<u8>(start - 1) === quote) at++;
    if ((byte & 0xc0) !== 0x80) characters++;
  }
  return characters >= column.minLength && characters <= column.maxLength;
}

/** 10^0 to 10^22, which doubles hold exactly. */
const POWERS = memory.data<f64>([
  1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
  1e20, 1e21, 1e22,
]);
const LARGEST_POWER = 22;
/** Decimal digits that a double holds whatever they are. */
const EXACT_DIGITS = 15;

function testNumber(column: Column, from: usize, end: usize): void {
  const isInteger = column.kind === INTEGER;
  let at = from;
  const isNegative = at < end && load<u8>(at) === 45;
  if (isNegative) at++;
  let digits = 0;
  let fraction = 0;
  let mantissa: u64 = 0;
  let isFraction = false;
  for (; at < end; at++) {
    const digit = (load<u8>(at) as u32) - 48;
    if (digit <= 9) {
      mantissa = mantissa * 10 + (digit as u64);
      digits++;
      if (isFraction) fraction++;
    } else if (digit + 48 === 46 && !isFraction && !isInteger && digits > 0) isFraction = true;
    else break;
  }
  let exponent = 0;
  let isWhole = at === end;
  if (!isWhole && !isInteger && digits > 0 && (load<u8>(at) | 32) === 101) {
    at++;
    const sign = at < end ? load<u8>(at) : 0;
    if (sign === 45 || sign === 43) at++;
    const first = at;
    for (; at < end; at++) {
      const digit = (load<u8>(at) as u32) - 48;
      if (digit > 9) break;
      exponent = exponent * 10 + (digit as i32);
    }
    isWhole = at === end && at > first && at - first <= 2;
    if (sign === 45) exponent = -exponent;
  }
  // The mantissa holds 18 digits. Longer numbers are rare, and not ours.
  if (!isWhole || digits === 0 || digits > 18 || (isFraction && fraction === 0)) {
    column.unproven |= VALUE;
    return;
  }
  const power = exponent - fraction;
  if (abs(power) > LARGEST_POWER) {
    column.unproven |= VALUE & ~TYPE;
    return;
  }
  let value = mantissa as f64;
  const scale = load<f64>(POWERS + ((abs(power) as usize) << 3));
  if (power < 0) value /= scale;
  else value *= scale;
  // One rounding of two exact numbers is the double that every reader gives. Otherwise it is near it.
  const isExact = digits <= EXACT_DIGITS;
  testBounds(column, isNegative ? -value : value, isExact ? 0 : value * 1e-14);
}

/** Holds a number to its bounds, which it must keep even when it is off by `error`. */
function testBounds(column: Column, value: f64, error: f64): void {
  if ((column.asked & RANGE) === 0) return;
  const lowest = value - error;
  const highest = value + error;
  const isAbove = column.isLowOpen !== 0 ? lowest > column.low : lowest >= column.low;
  const isBelow = column.isHighOpen !== 0 ? highest < column.high : highest <= column.high;
  if (!isAbove || !isBelow) column.unproven |= RANGE;
}

function digitsAt(at: usize, count: i32): i32 {
  let value = 0;
  for (let index = 0; index < count; index++) {
    const digit = (load<u8>(at + (index as usize)) as u32) - 48;
    if (digit > 9) return -1;
    value = value * 10 + (digit as i32);
  }
  return value;
}

/** YYYYMMDD of a `YYYY-MM-DD` that there is, else -1. */
function dayAt(at: usize): f64 {
  if (load<u8>(at, 4) !== 45 || load<u8>(at, 7) !== 45) return -1;
  const year = digitsAt(at, 4);
  const month = digitsAt(at + 5, 2);
  const day = digitsAt(at + 8, 2);
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return -1;
  return (year * 10000 + month * 100 + day) as f64;
}

function daysIn(year: i32, month: i32): i32 {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** YYYYMMDDhhmmss of a `YYYY-MM-DD hh:mm:ss` that there is, also with a T, else -1. */
function timeAt(at: usize): f64 {
  const day = dayAt(at);
  const between = load<u8>(at, 10);
  if (day < 0 || (between !== 32 && between !== 84) || load<u8>(at, 13) !== 58 || load<u8>(at, 16) !== 58)
    return -1;
  const hour = digitsAt(at + 11, 2);
  const minute = digitsAt(at + 14, 2);
  const second = digitsAt(at + 17, 2);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return -1;
  return day * 1000000 + ((hour * 10000 + minute * 100 + second) as f64);
}
