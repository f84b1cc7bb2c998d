import { runAction } from '@rastro/host';
import { evaluate } from '@rastro/usecases';
import { Inputs } from './inputs.ts';

export const main = () =>
  runAction(Inputs, evaluate, (models) => ({
    models: models.map(({ model }) => model).join(' '),
    records: models.map(({ path }) => path).join(' '),
    metrics: JSON.stringify(Object.fromEntries(models.map(({ model, metrics }) => [model, metrics]))),
    latency: JSON.stringify(Object.fromEntries(models.map(({ model, latency }) => [model, latency]))),
  }));
