import { actionInputs } from '@rastro/host';
import { AuditRequest } from '@rastro/usecases';

/** The inputs of `rastro audit` as an action. */
export const Inputs = actionInputs(AuditRequest);
