import { actionInputs } from '@rastro/host';
import { SweepRequest } from '@rastro/usecases';

/** The inputs of `rastro sweep` as an action. */
export const Inputs = actionInputs(SweepRequest, { usesGitHub: true });
