import { fault, InputError } from '@rastro/fault';
import type { Feature } from '../features.ts';
import { type Loss, lossFor, meanLoss } from '../loss.ts';
import type { LinearParams } from '../params.ts';
import type { NumberTarget, Target } from '../target.ts';
import { type Design, designOf, isConstant } from './design.ts';
import { minimise } from './minimise.ts';
import { Objective, type Solution } from './objective.ts';

/** A trained linear model: the score of an output is its intercept plus its coefficients times the terms. */
export interface LinearModel extends Solution {
  readonly kind: 'linear';
  readonly design: Design;
  readonly iterations: number;
  readonly loss: Loss['name'];
  readonly trainingLoss: number;
}

/** The slope of the mean loss that we aim for, and the one that we accept where rounding ends the search. */
const TOLERANCE = 1e-8;
const ACCEPTED = 1e-6;

/** A factor of this size squared is made and solved with; a baseline needs no more. */
const MAX_COEFFICIENTS = 2000;

/**
 * Ridge regression, or logistic regression (multinomial for three classes and more): minimises the sum of the losses plus
 * l2 / 2 times the sum of the squared coefficients of the standardised terms. The intercept is not penalised.
 * @throws InputError when there are more than 2,000 coefficients per output, when no feature varies, or when the search does
 * not converge in `max_iter` steps.
 */
export function fitLinear(
  table: { readonly features: readonly Feature[]; readonly target: Target },
  params: LinearParams,
): LinearModel {
  const design = designOf(table.features);
  if (design.width > MAX_COEFFICIENTS) throw tooWide(design.width);
  if (design.terms.every(isConstant)) throw nothingVaries();
  const { target, centre, spread } = standardised(table.target);
  const loss = lossFor(target);
  const objective = new Objective(design, loss, params.l2_regularization);
  const minimum = minimise(objective.at, objective.size, {
    tolerance: TOLERANCE,
    maxIterations: params.max_iter,
  });
  if (!(minimum.slope <= ACCEPTED)) throw notConverged(minimum.iterations);
  const { coefficients, intercepts, scores } = objective.solution(minimum.point);
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

function nothingVaries(): InputError {
  return new InputError(
    fault(
      'nothing-learned',
      'every feature has one value only, so there is nothing to learn from',
      undefined,
      'Give features that vary.',
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
