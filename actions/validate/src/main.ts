import { runAction } from '@rastro/host';
import { validate } from '@rastro/usecases';
import { Inputs } from './inputs.ts';

export const main = () =>
  runAction(Inputs, validate, (checks) => ({
    datasets: checks.map(({ dataset }) => dataset).join(' '),
    errors: checks.reduce((sum, { errors }) => sum + errors, 0),
    warnings: checks.reduce((sum, { warnings }) => sum + warnings, 0),
    new: checks.some(({ fresh }) => fresh === null)
      ? ''
      : checks.reduce((sum, { fresh }) => sum + (fresh ?? 0), 0),
  }));
