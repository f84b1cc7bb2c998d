import { git } from './git.ts';

/** The name and email that Git would write into a commit here; neutral ones where none is set. */
export async function gitUser(directory: string): Promise<{ name: string; email: string }> {
  const setting = async (key: string) => {
    const { exitCode, stdout } = await git(directory).run(['config', '--get', key], { allow: [0, 1] });
    return exitCode === 0 ? stdout.toString('utf8').trim() : '';
  };
  return {
    name: (await setting('user.name')) || 'rastro',
    email: (await setting('user.email')) || 'rastro@localhost',
  };
}
