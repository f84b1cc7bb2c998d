import { fault, InputError, place } from '@rastro/fault';
import { POLICY_FILE, type Policy, readPolicy } from '@rastro/registry';
import type { Ports, Repository } from './ports/index.ts';

/** The policy as the protected branch has it; what the working tree says does not count. */
export interface ProtectedPolicy {
  readonly policy: Policy;
  readonly commit: string;
  readonly blob: string;
  readonly sha256: string;
}

/** @throws InputError when there is no default branch, or no policy on it: what no policy allows is denied. */
export async function protectedPolicy(
  repository: Repository,
  ports: Pick<Ports, 'sha256'>,
): Promise<ProtectedPolicy> {
  const found = await findProtectedPolicy(repository, ports);
  if (found) return found;
  const branch = await repository.defaultBranch();
  if (!branch) {
    throw new InputError(
      fault(
        'no-default-branch',
        'the default branch of this repository is not known',
        undefined,
        'Push the repository, or name its remote "origin".',
      ),
    );
  }
  throw new InputError(
    fault(
      'policy-missing',
      `there is no ${POLICY_FILE} on branch ${branch.name}`,
      place(POLICY_FILE),
      'What no policy allows is denied: write one and merge it.',
    ),
  );
}

/** The same; undefined when there is none. @throws InputError when it is not valid. */
export async function findProtectedPolicy(
  repository: Repository,
  { sha256 }: Pick<Ports, 'sha256'>,
): Promise<ProtectedPolicy | undefined> {
  const branch = await repository.defaultBranch();
  const [file] = branch ? await repository.readFiles([{ commit: branch.commit, path: POLICY_FILE }]) : [];
  if (!branch || !file) return undefined;
  const { value } = readPolicy(new TextDecoder().decode(file.bytes), POLICY_FILE);
  return { policy: value, commit: branch.commit, blob: file.blob, sha256: sha256(file.bytes) };
}
