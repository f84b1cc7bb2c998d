import { fault, InputError } from '@rastro/fault';
import type { Feature } from '../features.ts';
import { type Loss, lossFor, meanLoss } from '../loss.ts';
import type { LinearParams } from '../params.ts';
import type { NumberTarget, Target } from '../target.ts';
import { addScores, addSlopes, type Design, designOf } from './design.ts';
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
const TOLERANCE = 1e-9;
const ACCEPTED = 1e-6;

/**
 * Ridge regression, or logistic regression (multinomial for three classes and more): minimises the sum of the losses plus
 * l2 / 2 times the sum of the squared coefficients of the standardised terms. The intercept is not penalised.
 * @throws InputError when the search does not converge in `max_iter` steps.
 */
export function fitLinear(
  table: { readonly features: readonly Feature[]; readonly target: Target },
  params: LinearParams,
): LinearModel {
  const design = designOf(table.features);
  const { target, centre, spread } = standardised(table.target);
  const loss = lossFor(target);
  const outputs = loss.base.length;
  const state = {
    design,
    loss,
    scores: Array.from({ length: outputs }, () => new Float64Array(design.rows)),
  };
  const stride = design.width + 1;
  const smooth = penalised(state, params.l2_regularization);
  const minimum = minimise(smooth, outputs * stride, {
    tolerance: TOLERANCE,
    maxIterations: params.max_iter,
  });
  if (!(minimum.slope <= ACCEPTED)) throw notConverged(minimum.iterations);
  const parts = Array.from({ length: outputs }, (_, output) =>
    minimum.point.slice(output * stride, (output + 1) * stride),
  );
  smooth(minimum.point, new Float64Array(minimum.point.length));
  return {
    kind: 'linear',
    design,
    coefficients: parts.map((part) => part.slice(0, -1).map((coefficient) => coefficient * spread)),
    intercepts: parts.map((part) => part.at(-1)! * spread + centre),
    iterations: minimum.iterations,
    loss: loss.name,
    trainingLoss: meanLoss(loss, state.scores, state.scores[0]!.keys()) * spread ** 2,
    scores: state.scores.map((scores) => scores.map((score) => score * spread + centre)),
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

/** The mean loss plus the penalty, as a function of all coefficients: per output the terms', then the intercept. */
function penalised(
  { design, loss, scores }: { design: Design; loss: Loss; scores: readonly Float64Array[] },
  l2: number,
): Smooth {
  const stride = design.width + 1;
  const rowSlopes = new Float64Array(design.rows);
  const curvatures = new Float64Array(design.rows);
  return (point, gradient) => {
    scores.forEach((own, output) => {
      own.fill(point[output * stride + design.width]!);
      addScores(design, point.subarray(output * stride), own);
    });
    loss.begin(scores);
    let penalty = 0;
    scores.forEach((_, output) => {
      loss.derive(output, scores, rowSlopes, curvatures);
      const slopes = gradient.subarray(output * stride, (output + 1) * stride).fill(0);
      addSlopes(design, rowSlopes, slopes);
      for (const slope of rowSlopes) slopes[design.width]! += slope;
      for (let index = 0; index < design.width; index++) {
        const coefficient = point[output * stride + index]!;
        penalty += (l2 / 2) * coefficient ** 2;
        slopes[index]! += l2 * coefficient;
      }
      for (let index = 0; index < stride; index++) slopes[index]! /= design.rows;
    });
    // The squared error is told in full, but trained on its half.
    const share = loss.name === 'squared_error' ? 0.5 : 1;
    return share * meanLoss(loss, scores, scores[0]!.keys()) + penalty / design.rows;
  };
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
