import { runAction } from '@rastro/host';
import { release } from '@rastro/usecases';
import { Inputs } from './inputs.ts';

export const main = () =>
  runAction(Inputs, release, ({ model, version, tag, sha256, status, url, files }) => ({
    model,
    version,
    tag,
    digest: sha256,
    status,
    'release-url': url ?? '',
    'model-path': files?.model ?? '',
    'bom-path': files?.bom ?? '',
    'card-path': files?.card ?? '',
    'provenance-path': files?.provenance ?? '',
  }));
