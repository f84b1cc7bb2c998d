import { runAction } from '@rastro/host';
import { monitor } from '@rastro/usecases';
import { Inputs } from './inputs.ts';

export const main = () =>
  runAction(Inputs, monitor, (models) => ({
    drifted: models
      .filter(({ verdict }) => verdict === 'drifted')
      .map(({ model }) => model)
      .join(' '),
    'issue-url': models
      .map(({ issueUrl }) => issueUrl ?? '')
      .join(' ')
      .trim(),
    'pull-request-url': models
      .map(({ pullRequestUrl }) => pullRequestUrl ?? '')
      .join(' ')
      .trim(),
  }));
