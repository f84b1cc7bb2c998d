import { fault, InputError } from '@rastro/fault';
import type { Feature } from '../features.ts';
import { type Loss, lossFor, meanLoss } from '../loss.ts';
import type { LinearParams } from '../params.ts';
import type { NumberTarget, Target } from '../target.ts';
import { factor, solveLower, solveUpper, type Triangle } from './cholesky.ts';
import { addScores, addSlopes, type Design, designOf, meanProducts } from './design.ts';
import { minimise, type Smooth } from './minimise.ts';

/** A trained linear model: the score of an output is its intercept plus its coefficients times the terms. */
export interface LinearModel {
  readonly kind: 'linear';
  readonly design: Design;
  /** Per output. */
  readonly coefficients: readonly Float64Array[];
  readonly intercepts: readonly number[];
  readonly iterations: number;
  readonly loss: Loss['name'];
  readonly trainingLoss: number;
  /** Scores of the training rows, per output. */
  readonly scores: readonly Float64Array[];
}

/** The slope of the mean loss that we aim for, and the one that we accept where rounding ends the search. */
const TOLERANCE = 1e-8;
const ACCEPTED = 1e-6;

/** A factor of this size squared is made and solved with; a baseline needs no more. */
const MAX_COEFFICIENTS = 2000;

/**
 * Ridge regression, or logistic regression (multinomial for three classes and more): minimises the sum of the losses plus
 * l2 / 2 times the sum of the squared coefficients of the standardised terms. The intercept is not penalised.
 * @throws InputError when there are more than 2,000 coefficients per output, or the search does not converge in `max_iter`
 * steps.
 */
export function fitLinear(
  table: { readonly features: readonly Feature[]; readonly target: Target },
  params: LinearParams,
): LinearModel {
  const design = designOf(table.features);
  if (design.width > MAX_COEFFICIENTS) throw tooWide(design.width);
  const { target, centre, spread } = standardised(table.target);
  const objective = new Objective(design, lossFor(target), params.l2_regularization);
  const minimum = minimise(objective.at, objective.size, {
    tolerance: TOLERANCE,
    maxIterations: params.max_iter,
  });
  if (!(minimum.slope <= ACCEPTED)) throw notConverged(minimum.iterations);
  const { coefficients, intercepts, scores, loss } = objective.solution(minimum.point);
  return {
    kind: 'linear',
    design,
    coefficients: coefficients.map((own) => own.map((coefficient) => coefficient * spread)),
    intercepts: intercepts.map((intercept) => intercept * spread + centre),
    iterations: minimum.iterations,
    loss: loss.name,
    trainingLoss: meanLoss(loss, scores, scores[0]!.keys()) * spread ** 2,
    scores: scores.map((own) => own.map((score) => score * spread + centre)),
  };
}

/** A regression target with mean 0 and spread 1, so that one tolerance fits all units. */
function standardised(target: Target): { target: Target; centre: number; spread: number } {
  if (target.kind === 'classes') return { target, centre: 0, spread: 1 };
  const { values } = target;
  const centre = values.reduce((sum, value) => sum + value, 0) / values.length;
  const spread = Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / values.length);
  const scaled: NumberTarget = { kind: 'numbers', values: values.map((value) => (value - centre) / spread) };
  return { target: scaled, centre, spread };
}

/**
 * The mean loss plus the penalty, as a function of a point. Per output, a stretch of the point stands for the coefficients
 * of the terms and then the intercept, after a change of variables that makes the curvature about the same in all
 * directions: a search then takes tens of steps where it would take a thousand.
 */
class Objective {
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

  solution(point: Float64Array): {
    readonly coefficients: readonly Float64Array[];
    readonly intercepts: readonly number[];
    readonly scores: readonly Float64Array[];
    readonly loss: Loss;
  } {
    const outputs = this.#scoreRows(point);
    return {
      coefficients: outputs.map((own) => own.subarray(0, -1)),
      intercepts: outputs.map((own) => own.at(-1)!),
      scores: this.#scores,
      loss: this.#loss,
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

function notConverged(iterations: number): InputError {
  return new InputError(
    fault(
      'not-converged',
      `the linear model did not converge in ${iterations} steps`,
      undefined,
      'Raise "l2_regularization" (some feature may tell the classes apart perfectly) or "max_iter".',
    ),
  );
}

function tooWide(width: number): InputError {
  return new InputError(
    fault(
      'too-many-coefficients',
      `a linear model of these columns has ${width} coefficients, more than ${MAX_COEFFICIENTS}`,
      undefined,
      'Leave out text columns with many values, or train with "gradient-boosting".',
    ),
  );
}
