import { actionInputs } from '@rastro/host';
import { DeployRequest } from '@rastro/usecases';

/** The inputs of `rastro deploy` as an action. */
export const Inputs = actionInputs(DeployRequest, { usesGitHub: true });
