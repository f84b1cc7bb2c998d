import { runAction } from '@rastro/host';
import { sweep } from '@rastro/usecases';
import { Inputs } from './inputs.ts';

export const main = () =>
  runAction(Inputs, sweep, ({ matrix, result, winner, pullRequestUrl }) => ({
    matrix: JSON.stringify(matrix),
    trials: matrix.include.length,
    result: result ?? '',
    winner: winner?.trial ?? '',
    params: winner ? JSON.stringify(winner.params) : '',
    'pull-request-url': pullRequestUrl ?? '',
  }));
