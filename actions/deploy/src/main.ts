import { runAction } from '@rastro/host';
import { deploy } from '@rastro/usecases';
import { Inputs } from './inputs.ts';

export const main = () =>
  runAction(Inputs, deploy, ({ model, version, environment, sha256, status, url }) => ({
    model,
    version,
    environment,
    digest: sha256,
    status,
    url: url ?? '',
  }));
