import { runAction } from '@rastro/host';
import { train } from '@rastro/usecases';
import { Inputs } from './inputs.ts';

export const main = () =>
  runAction(Inputs, train, (models) => ({
    models: models.map(({ model }) => model).join(' '),
    trained: models
      .filter(({ ran }) => ran)
      .map(({ model }) => model)
      .join(' '),
    restored: models
      .filter(({ restored }) => restored)
      .map(({ model }) => model)
      .join(' '),
    reproducible: models.every(({ differing }) => differing === null)
      ? ''
      : models.every(({ differing }) => !differing?.length),
    digest: models.map(({ sha256 }) => sha256).join(' '),
  }));
