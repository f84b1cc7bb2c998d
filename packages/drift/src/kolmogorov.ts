/**
 * P(D >= d) for the greatest distance D between a continuous distribution and the empirical one of n draws, n an integer of
 * at least 1 (scipy `kstwo.sf`). The method is chosen by region as Simard and L'Ecuyer do ("Computing the two-sided
 * Kolmogorov-Smirnov distribution", 2011): exact, or so near that a double cannot tell, but for n above 140 in the body of
 * the distribution, where the series has about ten digits.
 */
export function kolmogorovTail(n: number, d: number): number {
  const reach = n * d;
  const square = reach * d;
  if (d >= 1) return 0;
  if (reach <= 0.5) return 1;
  if (reach <= 1) return 1 - smallReach(n, reach);
  if (reach >= n - 1) return 2 * (1 - d) ** n;
  if (d >= 0.5 || square >= (n <= 140 ? 4 : 2.2)) return Math.min(1, 2 * oneSidedTail(n, d));
  if (n <= 140 || n * d ** 1.5 <= 1.4) return clip(1 - matrixCdf(n, d));
  return clip(1 - seriesCdf(n, d));
}

/** Ruben and Gambino 1982: n! (2d - 1/n)^n for 1/2n <= d <= 1/n, in logarithms. */
function smallReach(n: number, reach: number): number {
  let log = n * Math.log(2 * reach - 1);
  for (let i = 1; i <= n; i++) log += Math.log(i / n);
  return Math.exp(log);
}

/** P(D+ >= d) by the formula of Smirnov 1944 (Birnbaum and Tingey 1951): a sum of positive terms. */
function oneSidedTail(n: number, d: number): number {
  let sum = 0;
  let logChoose = 0;
  for (let j = 0; j <= Math.floor(n * (1 - d)); j++) {
    const above = d + j / n;
    const below = 1 - above;
    if (below > 0) sum += Math.exp(logChoose + (n - j) * Math.log(below) + (j - 1) * Math.log(above));
    logChoose += Math.log((n - j) / (j + 1));
  }
  return d * sum;
}

/** P(D < d) exactly, by a matrix to the power n (Marsaglia, Tsang and Wang 2003, after Durbin 1973). */
function matrixCdf(n: number, d: number): number {
  const k = Math.ceil(n * d);
  const size = 2 * k - 1;
  const h = k - n * d;
  const matrix = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= Math.min(size - 1, i + 1); j++) matrix[i * size + j] = 1;
  }
  for (let i = 0; i < size; i++) {
    matrix[i * size]! -= h ** (i + 1);
    matrix[(size - 1) * size + i]! -= h ** (size - i);
  }
  if (2 * h > 1) matrix[(size - 1) * size]! += (2 * h - 1) ** size;
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < Math.min(size, i + 1); j++) {
      for (let g = 1; g <= i - j + 1; g++) matrix[i * size + j]! /= g;
    }
  }
  const raised = power(matrix, size, n);
  let log = Math.log(raised.values[(k - 1) * size + k - 1]!) + raised.exponent * Math.LN10;
  for (let i = 1; i <= n; i++) log += Math.log(i / n);
  return Math.exp(log);
}

/** A square matrix to a power; `exponent` is a power of ten kept apart so that nothing overflows. */
function power(matrix: Float64Array, size: number, n: number): { values: Float64Array; exponent: number } {
  if (n === 1) return { values: matrix, exponent: 0 };
  const half = power(matrix, size, Math.floor(n / 2));
  let values = product(half.values, half.values, size);
  let exponent = 2 * half.exponent;
  if (n % 2 === 1) values = product(values, matrix, size);
  const centre = Math.floor(size / 2);
  if (values[centre * size + centre]! > 1e140) {
    values = values.map((value) => value * 1e-140);
    exponent += 140;
  }
  return { values, exponent };
}

function product(a: Float64Array, b: Float64Array, size: number): Float64Array {
  const result = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < size; k++) {
      const factor = a[i * size + k]!;
      if (factor === 0) continue;
      for (let j = 0; j < size; j++) result[i * size + j]! += factor * b[k * size + j]!;
    }
  }
  return result;
}

/** P(D <= d) by the series in 1/sqrt(n) of Pelz and Good 1976, four terms. */
function seriesCdf(n: number, d: number): number {
  const z = Math.sqrt(n) * d;
  const z2 = z * z;
  const z4 = z2 * z2;
  const z6 = z4 * z2;
  const z8 = z4 * z4;
  const pi2 = Math.PI * Math.PI;
  const [k0, k1, k2, k3] = [0, 0, 0, 0].map(() => ({ sum: 0 })) as [Sum, Sum, Sum, Sum];
  let k2Whole = 0;
  let k3Whole = 0;
  // The terms for k and -k-1 are equal, and so are those for k and -k: one half of each sum is enough.
  for (let k = 0; k < 40; k++) {
    const a = pi2 * (k + 0.5) ** 2;
    const b = pi2 * k * k;
    const half = Math.exp(-a / (2 * z2));
    const whole = Math.exp(-b / (2 * z2));
    k0.sum += half;
    k1.sum += (a - z2) * half;
    k2.sum += (6 * z6 + 2 * z4 + (2 * z4 - 5 * z2) * a + (1 - 2 * z2) * a * a) * half;
    k3.sum +=
      ((5 - 30 * z2) * a ** 3 + (212 * z4 - 60 * z2) * a * a + (135 * z4 - 96 * z6) * a - 30 * z6 - 90 * z8) *
      half;
    k2Whole += b * whole;
    k3Whole += (3 * z2 * b - b * b) * whole;
  }
  const root = Math.sqrt(Math.PI / 2);
  const first = (2 * root * k0.sum) / z;
  const second = (2 * root * k1.sum) / (6 * z4);
  const third = (2 * root * k2.sum) / (72 * z6 * z) - (2 * root * k2Whole) / (36 * z2 * z);
  const fourth = (2 * root * k3.sum) / (6480 * z8 * z2) + (2 * root * k3Whole) / (216 * z6);
  return first + second / Math.sqrt(n) + third / n + fourth / n ** 1.5;
}

interface Sum {
  sum: number;
}

function clip(probability: number): number {
  return Math.min(1, Math.max(0, probability));
}
