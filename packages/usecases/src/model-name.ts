import { fault, InputError } from '@rastro/fault';
import type { Ports } from './ports/index.ts';
import { findProject } from './project.ts';

/** The model that was asked for, or the only one of the project; it need not be in the project any more. */
export async function modelName(
  asked: string | undefined,
  { workspace }: Pick<Ports, 'workspace'>,
): Promise<string> {
  if (asked !== undefined) return asked;
  const names = Object.keys((await findProject(workspace))?.value.models ?? {});
  if (names.length === 1) return names[0]!;
  throw new InputError(
    fault(
      'model-ambiguous',
      `say which model${names.length > 0 ? `: ${names.join(', ')}` : ''}`,
      undefined,
      'Give the model by name.',
    ),
  );
}
