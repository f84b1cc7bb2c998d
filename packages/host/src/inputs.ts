import { z } from 'zod';

const workingDirectory = z
  .string()
  .default('.')
  .describe('Folder that holds rastro.yaml, relative to the workspace.');
const token = z
  .string()
  .default('')
  .describe('Token for GitHub. The permissions it needs are listed in this README.');

/** What every action takes besides its own request. */
const Common = z.strictObject({ workingDirectory });
const CommonWithToken = z.strictObject({ workingDirectory, token });

/** The default of the input `token` in every action.yml that has one. */
export const TOKEN_DEFAULT = `$${'{{ github.token }}'}`;

export type ActionInputs<S extends z.ZodObject> = {
  readonly request: S;
  readonly schema: z.ZodObject;
};

/** The inputs of an action: the fields of its request, and the common ones. */
export function actionInputs<S extends z.ZodObject>(
  request: S,
  { usesGitHub = false } = {},
): ActionInputs<S> {
  return { request, schema: (usesGitHub ? CommonWithToken : Common).safeExtend(request.shape) };
}
