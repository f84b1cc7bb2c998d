/**
 * Poisson resamples of rows, and the sums of whole numbers under them. See src/poisson-resamples.ts, which lays out the memory, and
 * src/poisson-table.ts, which says how random bits become counts.
 *
 * AssemblyScript: compiled to WebAssembly by the engine's assembly/build.mjs.
 */

/** Where the table is: three vectors that 16 columns look up, one of the masks of a column, and limits below 2^32, ascending. */
let table: usize;
let limitCount: i32;
/** Room for the groups of a block that hold an undecided row, a word each, and for four random words. */
let groups: usize;
let words: usize;

export function heapBase(): usize {
  return __heap_base;
}

export function setUp(tableAt: usize, limits: i32, groupsAt: usize, wordsAt: usize): void {
  table = tableAt;
  limitCount = limits;
  groups = groupsAt;
  words = wordsAt;
}

/** The four words of xoshiro128++, each of four streams. */
let a: v128;
let b: v128;
let c: v128;
let d: v128;

function rotated(x: v128, left: i32): v128 {
  return v128.or(i32x4.shl(x, left), i32x4.shr_u(x, 32 - left));
}

function step(): v128 {
  const word = i32x4.add(rotated(i32x4.add(a, d), 7), a);
  const t = i32x4.shl(b, 9);
  c = v128.xor(c, a);
  d = v128.xor(d, b);
  b = v128.xor(b, c);
  a = v128.xor(a, d);
  c = v128.xor(c, t);
  d = rotated(d, 11);
  return word;
}

/**
 * Writes how often each of `rows` rows is drawn to `counts`, a byte each, rounded up to 32 rows. `state` holds four vectors
 * before and after.
 */
export function draw(state: usize, counts: usize, rows: i32): void {
  let w = v128.load(state);
  let x = v128.load(state, 16);
  let y = v128.load(state, 32);
  let z = v128.load(state, 48);
  const cuts = v128.load(table);
  const others = v128.load(table, 16);
  const changes = v128.load(table, 32);
  const low = v128.load(table, 48);
  const end = counts + rows;
  let found = groups;
  for (let at = counts; at < end; at += 32) {
    // Three steps of xoshiro128++, in locals: this loop is most of the time of a bootstrap.
    const choice = i32x4.add(rotated(i32x4.add(w, z), 7), w);
    let t = i32x4.shl(x, 9);
    y = v128.xor(y, w);
    z = v128.xor(z, x);
    x = v128.xor(x, y);
    w = v128.xor(w, z);
    y = v128.xor(y, t);
    z = rotated(z, 11);
    const first = i32x4.add(rotated(i32x4.add(w, z), 7), w);
    const one = v128.and(choice, low);
    const isBelow = i8x16.gt_s(i8x16.swizzle(cuts, one), first);
    const ones = v128.xor(i8x16.swizzle(others, one), v128.and(isBelow, i8x16.swizzle(changes, one)));
    v128.store(at, ones);
    t = i32x4.shl(x, 9);
    y = v128.xor(y, w);
    z = v128.xor(z, x);
    x = v128.xor(x, y);
    w = v128.xor(w, z);
    y = v128.xor(y, t);
    z = rotated(z, 11);
    const second = i32x4.add(rotated(i32x4.add(w, z), 7), w);
    const two = v128.and(i16x8.shr_u(choice, 4), low);
    const isBelowToo = i8x16.gt_s(i8x16.swizzle(cuts, two), second);
    const twos = v128.xor(i8x16.swizzle(others, two), v128.and(isBelowToo, i8x16.swizzle(changes, two)));
    v128.store(at, twos, 16);
    t = i32x4.shl(x, 9);
    y = v128.xor(y, w);
    z = v128.xor(z, x);
    x = v128.xor(x, y);
    w = v128.xor(w, z);
    y = v128.xor(y, t);
    z = rotated(z, 11);
    // Without a branch, as no processor can foresee it.
    store<u32>(found, at as u32);
    found += ((i8x16.bitmask(v128.or(ones, twos)) !== 0) as usize) << 2;
  }
  a = w;
  b = x;
  c = y;
  d = z;
  settle(found);
  v128.store(state, a);
  v128.store(state, b, 16);
  v128.store(state, c, 32);
  v128.store(state, d, 48);
}

/** Decides the rows that are undecided, in their order, four with each step. */
function settle(found: usize): void {
  const limits = table + 64;
  let lane: usize = 4;
  for (let group = groups; group < found; group += 4) {
    const at = load<u32>(group) as usize;
    let undecided = i8x16.bitmask(v128.load(at)) | (i8x16.bitmask(v128.load(at, 16)) << 16);
    while (undecided !== 0) {
      if (lane === 4) {
        v128.store(words, step());
        lane = 0;
      }
      const word = load<u32>(words + (lane++ << 2));
      let count = 0;
      while (count < limitCount && word >= load<u32>(limits + ((count as usize) << 2))) count++;
      store<u8>(at + ctz(undecided), count as u8);
      undecided &= undecided - 1;
    }
  }
}

/** A list of 16-bit whole numbers, one for each row, and which of the sums of a resample is theirs. */
@unmanaged
class Limb {
  values: usize;
  sum: u32;
}
const LIMB_BYTES: usize = 8;

/** The value of one row, and which of the sums of a resample it goes to. */
@unmanaged
class Apart {
  value: f64;
  row: u32;
  sum: u32;
}
const APART_BYTES: usize = 16;

/**
 * Draws the next `rows` rows of each resample, and adds to its sums: how many rows were drawn to the first, to others the limbs and
 * the values apart of these rows, each as often as its row was drawn. `states` holds four vectors for each resample, `sums` as many
 * doubles as `sumBytes` says. At `counts` is room for a byte for each row, at `wide` for two, rounded up to 32 rows.
 */
export function add(
  resamples: i32,
  states: usize,
  sums: usize,
  sumBytes: usize,
  rows: i32,
  counts: usize,
  wide: usize,
  limbs: usize,
  limbCount: i32,
  aparts: usize,
  apartCount: i32,
): void {
  const limbEnd = limbs + (limbCount as usize) * LIMB_BYTES;
  const apartEnd = aparts + (apartCount as usize) * APART_BYTES;
  const padding = ((rows + 31) & ~31) - rows;
  for (let each = 0; each < resamples; each++) {
    draw(states, counts, rows);
    memory.fill(counts + rows, 0, padding);
    store<f64>(sums, load<f64>(sums) + (widened(counts, wide, rows) as f64));
    let limb = limbs;
    for (; limb + 2 * LIMB_BYTES < limbEnd; limb += 3 * LIMB_BYTES) addThree(wide, limb, rows, sums);
    for (; limb < limbEnd; limb += LIMB_BYTES) addOne(wide, limb, rows, sums);
    for (let at = aparts; at < apartEnd; at += APART_BYTES) {
      const apart = changetype<Apart>(at);
      const count = load<u8>(counts + apart.row);
      const sum = sums + ((apart.sum as usize) << 3);
      // None times infinity is no sum.
      if (count !== 0) store<f64>(sum, load<f64>(sum) + (count as f64) * apart.value);
    }
    states += 64;
    sums += sumBytes;
  }
}

/** Writes counts as two bytes each, and gives their sum. */
function widened(counts: usize, wide: usize, rows: i32): i32 {
  let total = i16x8.splat(0);
  const end = counts + rows;
  for (let at = counts; at < end; at += 32) {
    const first = v128.load8x8_u(at);
    const second = v128.load8x8_u(at, 8);
    const third = v128.load8x8_u(at, 16);
    const fourth = v128.load8x8_u(at, 24);
    v128.store(wide, first);
    v128.store(wide, second, 16);
    v128.store(wide, third, 32);
    v128.store(wide, fourth, 48);
    total = i16x8.add(total, i16x8.add(i16x8.add(first, second), i16x8.add(third, fourth)));
    wide += 64;
  }
  return across(i32x4.extadd_pairwise_i16x8_u(total));
}

/** Adds a limb, each of its values as often as its row was drawn. */
function addOne(wide: usize, limb: usize, rows: i32, sums: usize): void {
  let values = changetype<Limb>(limb).values;
  let even = i32x4.splat(0);
  let odd = i32x4.splat(0);
  const end = wide + ((rows as usize) << 1);
  for (; wide < end; wide += 64) {
    even = i32x4.add(even, i32x4.dot_i16x8_s(v128.load(wide), v128.load(values)));
    odd = i32x4.add(odd, i32x4.dot_i16x8_s(v128.load(wide, 16), v128.load(values, 16)));
    even = i32x4.add(even, i32x4.dot_i16x8_s(v128.load(wide, 32), v128.load(values, 32)));
    odd = i32x4.add(odd, i32x4.dot_i16x8_s(v128.load(wide, 48), v128.load(values, 48)));
    values += 64;
  }
  addTo(sums, limb, i32x4.add(even, odd));
}

/** The same for three, one after another in the list: counts are read once for all. */
function addThree(wide: usize, limb: usize, rows: i32, sums: usize): void {
  let first = changetype<Limb>(limb).values;
  let second = changetype<Limb>(limb + LIMB_BYTES).values;
  let third = changetype<Limb>(limb + 2 * LIMB_BYTES).values;
  let ofFirst = i32x4.splat(0);
  let ofSecond = i32x4.splat(0);
  let ofThird = i32x4.splat(0);
  const end = wide + ((rows as usize) << 1);
  for (; wide < end; wide += 64) {
    let counts = v128.load(wide);
    ofFirst = i32x4.add(ofFirst, i32x4.dot_i16x8_s(counts, v128.load(first)));
    ofSecond = i32x4.add(ofSecond, i32x4.dot_i16x8_s(counts, v128.load(second)));
    ofThird = i32x4.add(ofThird, i32x4.dot_i16x8_s(counts, v128.load(third)));
    counts = v128.load(wide, 16);
    ofFirst = i32x4.add(ofFirst, i32x4.dot_i16x8_s(counts, v128.load(first, 16)));
    ofSecond = i32x4.add(ofSecond, i32x4.dot_i16x8_s(counts, v128.load(second, 16)));
    ofThird = i32x4.add(ofThird, i32x4.dot_i16x8_s(counts, v128.load(third, 16)));
    counts = v128.load(wide, 32);
    ofFirst = i32x4.add(ofFirst, i32x4.dot_i16x8_s(counts, v128.load(first, 32)));
    ofSecond = i32x4.add(ofSecond, i32x4.dot_i16x8_s(counts, v128.load(second, 32)));
    ofThird = i32x4.add(ofThird, i32x4.dot_i16x8_s(counts, v128.load(third, 32)));
    counts = v128.load(wide, 48);
    ofFirst = i32x4.add(ofFirst, i32x4.dot_i16x8_s(counts, v128.load(first, 48)));
    ofSecond = i32x4.add(ofSecond, i32x4.dot_i16x8_s(counts, v128.load(second, 48)));
    ofThird = i32x4.add(ofThird, i32x4.dot_i16x8_s(counts, v128.load(third, 48)));
    first += 64;
    second += 64;
    third += 64;
  }
  addTo(sums, limb, ofFirst);
  addTo(sums, limb + LIMB_BYTES, ofSecond);
  addTo(sums, limb + 2 * LIMB_BYTES, ofThird);
}

function addTo(sums: usize, limb: usize, lanes: v128): void {
  const sum = sums + ((changetype<Limb>(limb).sum as usize) << 3);
  store<f64>(sum, load<f64>(sum) + (across(lanes) as f64));
}

function across(lanes: v128): i32 {
  return (
    i32x4.extract_lane(lanes, 0) +
    i32x4.extract_lane(lanes, 1) +
    i32x4.extract_lane(lanes, 2) +
    i32x4.extract_lane(lanes, 3)
  );
}
