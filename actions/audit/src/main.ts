import { runAction } from '@rastro/host';
import { audit } from '@rastro/usecases';
import { Inputs } from './inputs.ts';

export const main = () =>
  runAction(Inputs, audit, ({ model, environment, status, version, sha256 }) => ({
    model,
    environment,
    answer: status,
    version: version ?? '',
    digest: sha256 ?? '',
  }));
