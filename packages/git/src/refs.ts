import type { Git } from './git.ts';

/** The object id that a ref of this clone names. */
export async function localRef(git: Git, ref: string): Promise<string | undefined> {
  const { exitCode, stdout } = await git.run(['rev-parse', '--verify', '--quiet', ref], { allow: [0, 1] });
  return exitCode === 0 ? stdout.toString('utf8').trim() : undefined;
}
