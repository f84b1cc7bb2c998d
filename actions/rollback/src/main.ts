import { runAction } from '@rastro/host';
import { rollback } from '@rastro/usecases';
import { Inputs } from './inputs.ts';

export const main = () =>
  runAction(Inputs, rollback, ({ model, version, stage, status, replaces }) => ({
    model,
    version,
    stage,
    status,
    replaces: replaces ?? '',
  }));
