/** Shares of a whole, in [0, 1]; all zero when there is nothing. */
export function proportions(counts: ArrayLike<number>): Float64Array {
  const list = Float64Array.from(counts);
  const sum = list.reduce((so, count) => so + count, 0);
  return sum === 0 ? list : list.map((count) => count / sum);
}

/** A share of nothing counts as this much in the PSI, whose logarithm would else be infinite. */
const FLOOR = 1e-4;

/**
 * Population stability index over the same bins: sum of (current - reference) ln(current / reference), at least 0, each
 * share at least `floor`. It is the Jeffreys divergence of the two (Kullback and Leibler 1951).
 */
export function psi(reference: Float64Array, current: Float64Array, floor = FLOOR): number {
  return sumOver(reference, (share, i) => {
    const before = Math.max(share, floor);
    const after = Math.max(current[i]!, floor);
    return (after - before) * Math.log(after / before);
  });
}

/**
 * PSI to expect of two samples of the same population: (bins - 1) (1/n + 1/m), the mean of the chi-square variable that
 * it follows (Yurdakul 2018).
 */
export function psiNoise(bins: number, referenceRows: number, currentRows: number): number {
  return (bins - 1) * (1 / referenceRows + 1 / currentRows);
}

/**
 * Jensen-Shannon distance, the root of the divergence; in [0, 1] to base 2 (Endres and Schindelin 2003; scipy
 * `jensenshannon`). Not a number when either is empty.
 */
export function jensenShannon(reference: Float64Array, current: Float64Array, base = 2): number {
  const middle = reference.map((share, i) => (share + current[i]!) / 2);
  const divergence = (kullbackLeibler(reference, middle) + kullbackLeibler(current, middle)) / 2;
  return Math.sqrt(Math.max(0, divergence) / Math.log(base));
}

/** Sum of p ln(p / q) in nats; infinite where q is zero and p is not. */
export function kullbackLeibler(p: Float64Array, q: Float64Array): number {
  return sumOver(p, (share, i) => (share === 0 ? 0 : share * Math.log(share / q[i]!)));
}

/** Hellinger distance: the Euclidean distance of the square roots, over the root of 2; in [0, 1] (Hellinger 1909). */
export function hellinger(reference: Float64Array, current: Float64Array): number {
  return Math.sqrt(sumOver(reference, (share, i) => (Math.sqrt(share) - Math.sqrt(current[i]!)) ** 2) / 2);
}

/** The greatest difference of a share, in [0, 1]. */
export function lInfinity(reference: Float64Array, current: Float64Array): number {
  return reference.reduce((most, share, i) => Math.max(most, Math.abs(share - current[i]!)), 0);
}

/** Half the sum of the differences of shares, in [0, 1]. */
export function totalVariation(reference: Float64Array, current: Float64Array): number {
  return sumOver(reference, (share, i) => Math.abs(share - current[i]!)) / 2;
}

function sumOver(values: Float64Array, term: (value: number, index: number) => number): number {
  return values.reduce((sum, value, index) => sum + term(value, index), 0);
}
