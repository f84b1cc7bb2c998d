import { runAction } from '@rastro/host';
import { compare } from '@rastro/usecases';
import { Inputs } from './inputs.ts';

export const main = () =>
  runAction(Inputs, compare, (models) => ({
    result: models.map(({ result }) => result).join(' '),
    changes: JSON.stringify(Object.fromEntries(models.map(({ model, changes }) => [model, changes]))),
  }));
