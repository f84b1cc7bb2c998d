/**
 * For dimensions 2 to 32, the primitive polynomial as bits and the first direction numbers: S. Joe and F. Y. Kuo, "Constructing
 * Sobol sequences with better two-dimensional projections", SIAM J. Sci. Comput. 30 (2008), table new-joe-kuo-6.
 */
const DIRECTIONS: readonly (readonly [polynomial: number, first: readonly number[]])[] = [
  [3, [1]],
  [7, [1, 3]],
  [11, [1, 3, 1]],
  [13, [1, 1, 1]],
  [19, [1, 1, 3, 3]],
  [25, [1, 3, 5, 13]],
  [37, [1, 1, 5, 5, 17]],
  [41, [1, 1, 5, 5, 5]],
  [47, [1, 1, 7, 11, 19]],
  [55, [1, 1, 5, 1, 1]],
  [59, [1, 1, 1, 3, 11]],
  [61, [1, 3, 5, 5, 31]],
  [67, [1, 3, 3, 9, 7, 49]],
  [91, [1, 1, 1, 15, 21, 21]],
  [97, [1, 3, 1, 13, 27, 49]],
  [103, [1, 1, 1, 15, 7, 5]],
  [109, [1, 3, 1, 15, 13, 25]],
  [115, [1, 1, 5, 5, 19, 61]],
  [131, [1, 3, 7, 11, 23, 15, 103]],
  [137, [1, 3, 7, 13, 13, 15, 69]],
  [143, [1, 1, 3, 13, 7, 35, 63]],
  [145, [1, 3, 5, 9, 1, 25, 53]],
  [157, [1, 3, 1, 13, 9, 35, 107]],
  [167, [1, 3, 1, 5, 27, 61, 31]],
  [171, [1, 1, 5, 11, 19, 41, 61]],
  [185, [1, 3, 5, 3, 3, 13, 69]],
  [191, [1, 1, 7, 13, 1, 19, 1]],
  [193, [1, 3, 7, 5, 13, 19, 59]],
  [203, [1, 1, 3, 9, 25, 29, 41]],
  [211, [1, 3, 5, 13, 23, 1, 55]],
  [213, [1, 3, 7, 3, 13, 59, 17]],
];

/** Most dimensions of {@link sobolPoints}. */
export const SOBOL_DIMENSIONS = DIRECTIONS.length + 1;

const BITS = 30;

/**
 * The points of the Sobol sequence in Gray-code order, from the origin, without end (2^30 of them). `shift` gives each
 * dimension 30 bits that are added to its points without carry: a digital shift, which keeps how evenly they lie.
 * @param dimensions 1 to {@link SOBOL_DIMENSIONS}
 */
export function* sobolPoints(
  dimensions: number,
  shift: (dimension: number) => number = () => 0,
): Generator<number[]> {
  const directions = Array.from({ length: dimensions }, (_, dimension) => directionNumbers(dimension));
  const state = Array.from({ length: dimensions }, (_, dimension) => shift(dimension));
  for (let index = 0; index < 2 ** BITS; index++) {
    yield state.map((bits) => bits / 2 ** BITS);
    const lowestZero = Math.log2(~index & (index + 1));
    for (const [dimension, numbers] of directions.entries())
      state[dimension] = state[dimension]! ^ numbers[lowestZero]!;
  }
}

/** Bratley and Fox, ACM Algorithm 659 (1988): the recurrence of the direction numbers, as integers of 30 bits. */
function directionNumbers(dimension: number): number[] {
  const [polynomial, first] = DIRECTIONS[dimension - 1] ?? [1, []];
  const degree = first.length;
  const numbers: number[] = [];
  for (let bit = 0; bit < BITS; bit++) {
    if (degree === 0) numbers.push(1 << (BITS - 1 - bit));
    else if (bit < degree) numbers.push(first[bit]! << (BITS - 1 - bit));
    else {
      let value = numbers[bit - degree]! ^ (numbers[bit - degree]! >>> degree);
      for (let term = 1; term < degree; term++)
        if ((polynomial >>> (degree - term)) & 1) value ^= numbers[bit - term]!;
      numbers.push(value);
    }
  }
  return numbers;
}
