/**
 * What rows tell in the order of their scores, each as often as its weight says: one pass. See src/weighted-sweep.ts, which lays out
 * the memory.
 *
 * AssemblyScript: compiled to WebAssembly by the engine's assembly/build.mjs.
 */

/** Bits of a mark. */
const POSITIVE: u32 = 1;
const LAST_OF_TIE: u32 = 2;
/** Of four marks, all the last of their tie. */
const LAST_OF_TIES: u32 = 0x02020202;

export function heapBase(): usize {
  return __heap_base;
}

/** Of all weights, and of those of positive rows. */
export let total: f64 = 0;
export let positives: f64 = 0;
/** Pairs of a positive and a negative row that are in order, ties by half; the precision at each positive row, summed. */
export let wins: f64 = 0;
export let precisions: f64 = 0;

/** `marks` and `weights` are a byte each, from the highest score to the lowest. Sums of weights must be below 2^31. */
export function sweep(marks: usize, weights: usize, rows: i32): void {
  let seen: i32 = 0;
  let found: i32 = 0;
  let seenBefore: i32 = 0;
  let foundBefore: i32 = 0;
  let inOrder = f64x2.splat(0);
  let precise = f64x2.splat(0);
  let row: i32 = 0;
  while (row < rows) {
    if (row + 4 <= rows && seen === seenBefore) {
      const four = load<u32>(marks + row);
      if ((four & LAST_OF_TIES) === LAST_OF_TIES) {
        // Four scores that no other row has, the usual case: a row is after all rows before it.
        const counts = widened(load<u32>(weights + row));
        const isPositive = i32x4.sub(i32x4.splat(0), v128.and(widened(four), i32x4.splat(POSITIVE)));
        const gained = v128.and(counts, isPositive);
        const seens = i32x4.add(i32x4.splat(seen), summedUp(counts));
        const founds = i32x4.add(i32x4.splat(found), summedUp(gained));
        const others = v128.andnot(counts, isPositive);
        // None may have been drawn so far: 0 of 0, which none gained.
        const some = i32x4.max_s(seens, i32x4.splat(1));
        inOrder = f64x2.add(inOrder, f64x2.mul(low(others), low(founds)));
        inOrder = f64x2.add(inOrder, f64x2.mul(high(others), high(founds)));
        precise = f64x2.add(precise, f64x2.mul(low(gained), f64x2.div(low(founds), low(some))));
        precise = f64x2.add(precise, f64x2.mul(high(gained), f64x2.div(high(founds), high(some))));
        seen = i32x4.extract_lane(seens, 3);
        found = i32x4.extract_lane(founds, 3);
        seenBefore = seen;
        foundBefore = found;
        row += 4;
        continue;
      }
    }
    const mark = load<u8>(marks + row) as u32;
    const weight = load<u8>(weights + row) as i32;
    // Without a branch on the class, which no processor can foresee.
    found += weight & -((mark & POSITIVE) as i32);
    seen += weight;
    row++;
    if ((mark & LAST_OF_TIE) === 0) continue;
    const gained = found - foundBefore;
    const others = (seen - seenBefore - gained) as f64;
    const won = others * ((foundBefore as f64) + 0.5 * (gained as f64));
    inOrder = f64x2.add(inOrder, f64x2.replace_lane(f64x2.splat(0), 0, won));
    const ratio = (found as f64) / (max(seen, 1) as f64);
    precise = f64x2.add(precise, f64x2.replace_lane(f64x2.splat(0), 0, (gained as f64) * ratio));
    seenBefore = seen;
    foundBefore = found;
  }
  total = seen as f64;
  positives = found as f64;
  wins = f64x2.extract_lane(inOrder, 0) + f64x2.extract_lane(inOrder, 1);
  precisions = f64x2.extract_lane(precise, 0) + f64x2.extract_lane(precise, 1);
}

/** Four bytes as four numbers. */
function widened(bytes: u32): v128 {
  return i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(i32x4.splat(bytes as i32)));
}

/** Each number with all before it. */
function summedUp(numbers: v128): v128 {
  const zero = i32x4.splat(0);
  const pairs = i32x4.add(numbers, v128.shuffle<i32>(zero, numbers, 0, 4, 5, 6));
  return i32x4.add(pairs, v128.shuffle<i32>(zero, pairs, 0, 1, 4, 5));
}

function low(numbers: v128): v128 {
  return f64x2.convert_low_i32x4_s(numbers);
}

function high(numbers: v128): v128 {
  return f64x2.convert_low_i32x4_s(v128.shuffle<i32>(numbers, numbers, 2, 3, 2, 3));
}
