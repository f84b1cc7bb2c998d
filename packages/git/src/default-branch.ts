import type { Git } from './git.ts';
import { localRef } from './refs.ts';

/** The branch that the clone knows as the remote's default; without a remote `main`, `master`, or the one checked out. */
export async function localDefaultBranch(
  git: Git,
  remote: string | undefined,
): Promise<{ name: string; commit: string } | undefined> {
  const symbolic = async (ref: string) => {
    const { exitCode, stdout } = await git.run(['symbolic-ref', '--quiet', ref], { allow: [0, 1, 128] });
    return exitCode === 0 ? stdout.toString('utf8').trim() : undefined;
  };
  const candidates = [
    remote === undefined ? undefined : await symbolic(`refs/remotes/${remote}/HEAD`),
    ...(remote === undefined ? [] : ['main', 'master'].map((name) => `refs/remotes/${remote}/${name}`)),
    'refs/heads/main',
    'refs/heads/master',
    await symbolic('HEAD'),
  ];
  for (const ref of candidates) {
    const commit = ref === undefined ? undefined : await localRef(git, ref);
    if (ref === undefined || commit === undefined) continue;
    return { name: ref.replace(/^refs\/(heads|remotes\/[^/]+)\//, ''), commit };
  }
  return undefined;
}
