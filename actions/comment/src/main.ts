import { runAction } from '@rastro/host';
import { comment } from '@rastro/usecases';
import { Inputs } from './inputs.ts';

export const main = () =>
  runAction(Inputs, comment, ({ url, status, verdict }) => ({
    'comment-url': url,
    status,
    'worst-verdict': verdict,
  }));
