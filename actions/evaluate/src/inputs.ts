import { actionInputs } from '@rastro/host';
import { EvaluateRequest } from '@rastro/usecases';

/** The inputs of `rastro evaluate` as an action. */
export const Inputs = actionInputs(EvaluateRequest);
