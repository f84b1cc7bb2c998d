import { actionInputs } from '@rastro/host';
import { PromoteRequest } from '@rastro/usecases';

/** The inputs of `rastro promote` as an action. */
export const Inputs = actionInputs(PromoteRequest, { usesGitHub: true });
