/**
 * Rows that were put into the memory, and what is taken of them.
 *
 * AssemblyScript: see score-passes.ts.
 */

/** Rows at a time: few enough to stay in the processor's cache from one loop to the next. */
export const CHUNK: u32 = 4096;

/** Where a chunk is put: its scores, one or two of a row, and the codes of its classes, one or four bytes each. */
export const GIVEN: usize = memory.data(65_536, 16);
export const CODES: usize = memory.data(16_384, 16);
/** What is taken of it: the score of the positive class of each row, its class and the one it was given, 0 or 1, a byte each. */
export const SCORES: usize = memory.data(32_768, 16);
export const TRUTH: usize = memory.data(4096, 16);
export const LABELS: usize = memory.data(4096, 16);

export function heapBase(): usize {
  return __heap_base;
}

/** Takes the score of the positive class: class `column` of two; a single score is that of the second one. */
export function takeScores(rows: u32, width: u32, column: u32): void {
  if (width === 2) {
    const from = GIVEN + (column << 3);
    for (let row: usize = 0; row < rows; row++) {
      store<f64>(SCORES + (row << 3), load<f64>(from + (row << 4)));
    }
  } else if (column === 1) {
    memory.copy(SCORES, GIVEN, rows << 3);
  } else {
    for (let row: usize = 0; row < rows; row++) {
      store<f64>(SCORES + (row << 3), 1 - load<f64>(GIVEN + (row << 3)));
    }
  }
}

/** Takes the classes of the rows, or the ones they were given, from their codes: `classOf` holds the class of each, a byte. */
export function takeTruth(rows: u32, bytes: u32, classOf: usize): void {
  takeClasses(TRUTH, rows, bytes, classOf);
}

export function takeLabels(rows: u32, bytes: u32, classOf: usize): void {
  takeClasses(LABELS, rows, bytes, classOf);
}

function takeClasses(to: usize, rows: u32, bytes: u32, classOf: usize): void {
  if (bytes === 1) {
    for (let row: usize = 0; row < rows; row++) {
      store<u8>(to + row, load<u8>(classOf + (load<u8>(CODES + row) as usize)));
    }
    return;
  }
  for (let row: usize = 0; row < rows; row++) {
    store<u8>(to + row, load<u8>(classOf + load<u32>(CODES + (row << 2))));
  }
}
