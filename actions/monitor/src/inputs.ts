import { actionInputs } from '@rastro/host';
import { MonitorRequest } from '@rastro/usecases';

/** The inputs of `rastro monitor` as an action. */
export const Inputs = actionInputs(MonitorRequest, { usesGitHub: true });
