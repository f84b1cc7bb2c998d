import { actionInputs } from '@rastro/host';
import { RollbackRequest } from '@rastro/usecases';

/** The inputs of `rastro rollback` as an action. */
export const Inputs = actionInputs(RollbackRequest, { usesGitHub: true });
