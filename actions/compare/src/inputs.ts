import { actionInputs } from '@rastro/host';
import { CompareRequest } from '@rastro/usecases';

/** The inputs of `rastro compare` as an action. */
export const Inputs = actionInputs(CompareRequest);
