import { fault, OutsideError } from '@rastro/fault';
import { type Git, gitFailed } from './git.ts';

/** A ref to be set. `expect` is the value that it must have now, null when it must not be there. */
export interface RefUpdate {
  readonly ref: string;
  readonly to: string;
  readonly expect: string | null;
}

/** Sets refs of a remote all or none. Those that have another value than expected, as somebody else was first; none when all are set. */
export async function pushRefs(
  git: Git,
  remote: string,
  updates: readonly RefUpdate[],
): Promise<readonly string[]> {
  const args = [
    'push',
    '--porcelain',
    '--atomic',
    '--no-verify',
    ...updates.map(({ ref, expect }) => `--force-with-lease=${ref}:${expect ?? ''}`),
    '--',
    remote,
    ...updates.map(({ ref, to }) => `${to}:${ref}`),
  ];
  const output = await git.run(args, { allow: [0, 1, 128] });
  if (output.exitCode === 0) return [];
  const refused = output.stdout
    .toString('utf8')
    .split('\n')
    .filter((line) => line.startsWith('!\t'))
    .map((line) => {
      const [, refspec = '', reason = ''] = line.split('\t');
      return { ref: refspec.slice(refspec.indexOf(':') + 1), reason };
    });
  // Nothing was answered per ref: the remote was not reached or broke off. What it holds now tells what happened.
  if (refused.length === 0) {
    if (await hasAll(git, remote, updates)) return [];
    throw gitFailed(args, output);
  }
  const refusal = refused.find(({ reason }) => !isLostRace(reason))?.reason;
  if (refusal === undefined) return refused.filter(isOwnFault).map(({ ref }) => ref);
  const words = /^remote: (?!error: )(.+)$/m.exec(output.stderr)?.[1]?.trim();
  throw new OutsideError(
    fault(
      'push-refused',
      `the remote refuses the push: ${refusal.replace(/^\[[a-z ]+\] /, '')}${words ? ` ${words}` : ''}`,
      undefined,
      'Check the branch and tag rules of the repository, and that the token may write contents.',
    ),
  );
}

const LOST_RACE =
  /stale info|already exists|fetch first|non-fast-forward|atomic (push failed|transaction failed)|cannot lock ref|failed to (update|lock) ref|reference already exists|incorrect old value|remote ref updated since checkout|failed to update/;

/** Of refs that are set all or none, those that others kept from being set are told as well. A remote may blame all for one. */
function isOwnFault({ reason }: { reason: string }, _: number, all: readonly { reason: string }[]): boolean {
  const isOthers = (text: string) => /atomic (push failed|transaction failed)/.test(text);
  return !isOthers(reason) || all.every((each) => isOthers(each.reason));
}

function isLostRace(reason: string): boolean {
  return LOST_RACE.test(reason);
}

async function hasAll(git: Git, remote: string, updates: readonly RefUpdate[]): Promise<boolean> {
  const { exitCode, stdout } = await git.run(['ls-remote', '--', remote, ...updates.map(({ ref }) => ref)], {
    allow: [0, 128],
  });
  if (exitCode !== 0) return false;
  const lines = stdout.toString('utf8').split('\n');
  return updates.every(({ ref, to }) => lines.includes(`${to}\t${ref}`));
}

/** The same for refs of the repository itself, in one transaction. */
export async function updateRefs(git: Git, updates: readonly RefUpdate[]): Promise<boolean> {
  const commands = updates.map(({ ref, to, expect }) =>
    expect === null ? `create ${ref} ${to}` : `update ${ref} ${to} ${expect}`,
  );
  const args = ['update-ref', '--stdin'];
  const output = await git.run(args, {
    input: `${['start', ...commands, 'prepare', 'commit'].join('\n')}\n`,
    allow: [0, 128],
  });
  if (output.exitCode === 0) return true;
  if (/cannot lock ref/.test(output.stderr)) return false;
  throw gitFailed(args, output);
}
