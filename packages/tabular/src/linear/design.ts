import type { CategoricalFeature, Feature, NumericFeature } from '../features.ts';

/** A numeric feature as (value - mean) * scale, with 0, the mean, for what is missing. */
export interface NumericTerm {
  readonly kind: 'numeric';
  readonly start: number;
  readonly width: 1;
  readonly values: Float32Array;
  readonly mean: number;
  readonly scale: number;
}

/** A categorical feature as one indicator per category. */
export interface CategoricalTerm {
  readonly kind: 'categorical';
  readonly start: number;
  readonly width: number;
  readonly codes: Uint16Array;
}

export type Term = NumericTerm | CategoricalTerm;

/** What a linear model sees of the features: terms that take coefficients from `start` on. */
export interface Design {
  readonly terms: readonly Term[];
  /** Coefficients per output, without the intercept. */
  readonly width: number;
  readonly rows: number;
}

export function designOf(features: readonly Feature[]): Design {
  let width = 0;
  const terms = features.map((feature) => {
    const term = feature.kind === 'numeric' ? numericTerm(feature, width) : categoricalTerm(feature, width);
    width += term.width;
    return term;
  });
  const first = terms[0]!;
  return { terms, width, rows: (first.kind === 'numeric' ? first.values : first.codes).length };
}

/** The mean is a 32-bit float, since the written model subtracts it as one. A constant feature gets scale 0. */
function numericTerm({ values }: NumericFeature, start: number): NumericTerm {
  let sum = 0;
  let count = 0;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    sum += value;
    count++;
  }
  const mean = Math.fround(sum / count);
  let squares = 0;
  for (const value of values) if (!Number.isNaN(value)) squares += (value - mean) ** 2;
  const spread = Math.sqrt(squares / count);
  const varies = spread > 1e-7 * Math.abs(mean);
  return { kind: 'numeric', start, width: 1, values, mean, scale: varies ? 1 / spread : 0 };
}

function categoricalTerm({ categories, codes }: CategoricalFeature, start: number): CategoricalTerm {
  return { kind: 'categorical', start, width: categories.length, codes };
}

/**
 * The mean over rows of the products of all pairs of terms, the constant 1 of the intercept last: size width + 1, lower
 * half only.
 */
export function meanProducts({ terms, width, rows }: Design): Float64Array {
  const size = width + 1;
  const products = new Float64Array(size * size);
  const places = new Uint32Array(terms.length + 1);
  const values = new Float64Array(terms.length + 1).fill(1);
  places[terms.length] = width;
  for (let row = 0; row < rows; row++) {
    terms.forEach((term, index) => {
      places[index] = term.start + (term.kind === 'numeric' ? 0 : term.codes[row]!);
      if (term.kind === 'numeric') values[index] = standardised(term, row);
    });
    for (let i = 0; i < places.length; i++) {
      const base = places[i]! * size;
      const value = values[i]!;
      for (let j = 0; j <= i; j++) products[base + places[j]!]! += value * values[j]!;
    }
  }
  return products.map((sum) => sum / rows);
}

function standardised({ values, mean, scale }: NumericTerm, row: number): number {
  const value = values[row]!;
  return Number.isNaN(value) ? 0 : (value - mean) * scale;
}

/** Whether a term is the same in every row, and so tells nothing. */
export function isConstant(term: Term): boolean {
  return term.kind === 'numeric' ? term.scale === 0 : term.width === 1;
}

/** Adds what the terms give with these coefficients to the score of every row. */
export function addScores({ terms }: Design, coefficients: Float64Array, scores: Float64Array): void {
  for (const term of terms) {
    if (term.kind === 'categorical') {
      for (let row = 0; row < scores.length; row++)
        scores[row]! += coefficients[term.start + term.codes[row]!]!;
      continue;
    }
    const { values, mean } = term;
    const weight = coefficients[term.start]! * term.scale;
    for (let row = 0; row < scores.length; row++) {
      const value = values[row]!;
      if (!Number.isNaN(value)) scores[row]! += (value - mean) * weight;
    }
  }
}

/** Adds the slope of each coefficient, given the slope of every row's score. */
export function addSlopes({ terms }: Design, rowSlopes: Float64Array, slopes: Float64Array): void {
  for (const term of terms) {
    if (term.kind === 'categorical') {
      for (let row = 0; row < rowSlopes.length; row++)
        slopes[term.start + term.codes[row]!]! += rowSlopes[row]!;
      continue;
    }
    const { values, mean, scale } = term;
    let sum = 0;
    for (let row = 0; row < rowSlopes.length; row++) {
      const value = values[row]!;
      if (!Number.isNaN(value)) sum += (value - mean) * rowSlopes[row]!;
    }
    slopes[term.start]! += sum * scale;
  }
}
