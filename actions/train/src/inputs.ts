import { actionInputs } from '@rastro/host';
import { TrainRequest } from '@rastro/usecases';

/** The inputs of `rastro train` as an action. */
export const Inputs = actionInputs(TrainRequest);
