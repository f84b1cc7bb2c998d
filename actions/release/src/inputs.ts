import { actionInputs } from '@rastro/host';
import { ReleaseRequest } from '@rastro/usecases';

/** The inputs of `rastro release` as an action. */
export const Inputs = actionInputs(ReleaseRequest, { usesGitHub: true });
