import { devNull } from 'node:os';
import { execa } from 'execa';

/** Cuts Git off from the machine's own configuration, so that a test says the same on every machine. */
export const isolatedGitEnvironment: Readonly<Record<string, string>> = {
  GIT_CONFIG_GLOBAL: devNull,
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_TERMINAL_PROMPT: '0',
};

/** Runs git and gives its standard output without the final newline; a failure throws with git's own words. */
export async function git(
  directory: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<string> {
  const { stdout } = await execa('git', args, {
    cwd: directory,
    env: { ...inheritedEnvironment(), ...isolatedGitEnvironment, ...env },
    extendEnv: false,
  });
  return stdout;
}

/** The few variables that a program needs to be found and to run; nothing of the caller's Git, npm or CI leaks in. */
export function inheritedEnvironment(): Record<string, string> {
  const names = ['PATH', 'LANG', 'TMPDIR', 'TEMP', 'TMP', 'SystemRoot', 'ComSpec', 'PATHEXT'];
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
