import { runAction } from '@rastro/host';
import { promote } from '@rastro/usecases';
import { Inputs } from './inputs.ts';

export const main = () =>
  runAction(Inputs, promote, ({ model, version, stage, status, replaces }) => ({
    model,
    version,
    stage,
    status,
    replaces: replaces ?? '',
  }));
