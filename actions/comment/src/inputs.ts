import { actionInputs } from '@rastro/host';
import { CommentRequest } from '@rastro/usecases';

/** The inputs of `rastro comment` as an action. */
export const Inputs = actionInputs(CommentRequest, { usesGitHub: true });
