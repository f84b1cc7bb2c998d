import { runAction } from '@rastro/host';
import { comment } from '@rastro/usecases';
import { Inputs } from './inputs.ts';

export const main = () =>
  runAction(Inputs, comment, ({ url, status, verdict, page, artifactUrl, checkUrl }) => ({
    'comment-url': url,
    status,
    verdict,
    'report-path': page,
    'artifact-url': artifactUrl,
    'check-url': checkUrl,
  }));
