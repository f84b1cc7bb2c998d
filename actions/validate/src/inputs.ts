import { actionInputs } from '@rastro/host';
import { ValidateRequest } from '@rastro/usecases';

/** The inputs of `rastro validate` as an action. */
export const Inputs = actionInputs(ValidateRequest.omit({ explain: true }));
