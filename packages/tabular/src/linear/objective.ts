import { type Loss, meanLoss } from '../loss.ts';
import { factor, solveLower, solveUpper, type Triangle } from './cholesky.ts';
import { addScores, addSlopes, type Design, meanProducts } from './design.ts';
import type { Smooth } from './minimise.ts';

/** Per output: the coefficients of the terms, the intercept, and the scores of the training rows. */
export interface Solution {
  readonly coefficients: readonly Float64Array[];
  readonly intercepts: readonly number[];
  readonly scores: readonly Float64Array[];
}

/**
 * The mean loss plus the penalty, as a function of a point. Per output, a stretch of the point stands for the coefficients
 * of the terms and then the intercept, after a change of variables that makes the curvature about the same in all
 * directions: a search then takes tens of steps where it would take a thousand.
 */
export class Objective {
  readonly size: number;
  readonly #design: Design;
  readonly #loss: Loss;
  readonly #l2: number;
  readonly #triangle: Triangle;
  readonly #scores: Float64Array[];
  readonly #rowSlopes: Float64Array;
  readonly #curvatures: Float64Array;

  constructor(design: Design, loss: Loss, l2: number) {
    this.#design = design;
    this.#loss = loss;
    this.#l2 = l2;
    this.#triangle = preconditioner(design, loss, l2);
    this.#scores = Array.from(loss.base, () => new Float64Array(design.rows));
    this.#rowSlopes = new Float64Array(design.rows);
    this.#curvatures = new Float64Array(design.rows);
    this.size = loss.base.length * this.#triangle.size;
  }

  readonly at: Smooth = (point, gradient) => {
    const { rows } = this.#design;
    const outputs = this.#scoreRows(point);
    this.#loss.begin(this.#scores);
    let penalty = 0;
    outputs.forEach((coefficients, output) => {
      const slopes = this.#part(gradient, output).fill(0);
      this.#loss.derive(output, this.#scores, this.#rowSlopes, this.#curvatures);
      addSlopes(this.#design, this.#rowSlopes, slopes);
      slopes[slopes.length - 1] = this.#rowSlopes.reduce((sum, slope) => sum + slope, 0);
      for (let index = 0; index < this.#design.width; index++) {
        const coefficient = coefficients[index]!;
        penalty += (this.#l2 / 2) * coefficient ** 2;
        slopes[index]! += this.#l2 * coefficient;
      }
      for (let index = 0; index < slopes.length; index++) slopes[index]! /= rows;
      solveLower(this.#triangle, slopes);
    });
    // The squared error is told in full, but its half is what the slopes belong to.
    const share = this.#loss.name === 'squared_error' ? 0.5 : 1;
    return share * meanLoss(this.#loss, this.#scores, this.#rowSlopes.keys()) + penalty / rows;
  };

  /** What a point stands for, with the scores that it gives. */
  solution(point: Float64Array): Solution {
    const outputs = this.#scoreRows(point);
    return {
      coefficients: outputs.map((own) => own.subarray(0, -1)),
      intercepts: outputs.map((own) => own.at(-1)!),
      scores: this.#scores,
    };
  }

  /** Writes the scores that a point gives; returns its coefficients and intercept per output, undoing the change of variables. */
  #scoreRows(point: Float64Array): Float64Array[] {
    return this.#scores.map((scores, output) => {
      const own = this.#part(point, output).slice();
      solveUpper(this.#triangle, own);
      scores.fill(own.at(-1)!);
      addScores(this.#design, own, scores);
      return own;
    });
  }

  #part(vector: Float64Array, output: number): Float64Array {
    const stride = this.#triangle.size;
    return vector.subarray(output * stride, (output + 1) * stride);
  }
}

/** The factor of the curvature of the mean loss: that of a squared error, or at most that of a log loss. */
function preconditioner(design: Design, loss: Loss, l2: number): Triangle {
  const size = design.width + 1;
  const curvature = loss.name === 'squared_error' ? 1 : 0.25;
  const cells = meanProducts(design).map((product) => product * curvature);
  for (let index = 0; index < design.width; index++) cells[index * size + index]! += l2 / design.rows;
  return factor(cells, size);
}
