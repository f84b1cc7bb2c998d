import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { constants } from 'node:os';
import type { Writable } from 'node:stream';
import type { CommandRunner } from '@rastro/usecases';

/**
 * Runs a user's command line through the platform's shell. On a runner its output is fenced by `stop-commands` with a
 * token that nobody can guess, so that nothing it prints acts as a workflow command.
 */
export function commandRunner({
  onRunner,
  output,
  token,
}: {
  onRunner: boolean;
  output: Writable;
  /** Our own token: the command does not get it, whatever the variable that it came in is called. */
  token: string | undefined;
}): CommandRunner {
  return {
    async run(command, { cwd, env }) {
      const fence = randomUUID();
      if (onRunner) output.write(`::stop-commands::${fence}\n`);
      const started = performance.now();
      try {
        const exitCode = await finished(command, { cwd, env, output, token });
        return { exitCode, seconds: (performance.now() - started) / 1000 };
      } finally {
        if (onRunner) output.write(`\n::${fence}::\n`);
      }
    },
  };
}

/** Variables that name files or inputs of our own step, or hold its token: none of the user's command's business. */
const PRIVATE =
  /^(INPUT_.*|GITHUB_(ENV|OUTPUT|PATH|STATE|STEP_SUMMARY)|ACTIONS_(RUNTIME_TOKEN|ID_TOKEN_REQUEST_TOKEN))$/;

function finished(
  command: string,
  {
    cwd,
    env,
    output,
    token,
  }: { cwd: string; env: Record<string, string>; output: Writable; token: string | undefined },
): Promise<number> {
  return new Promise((resolve, reject) => {
    const inherited = Object.fromEntries(
      Object.entries(process.env).filter(
        ([name, value]) => !PRIVATE.test(name) && !(token && value === token),
      ),
    );
    const child = spawn(command, {
      cwd,
      env: { ...inherited, ...env },
      shell: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.on('data', (chunk) => output.write(chunk));
    child.stderr.on('data', (chunk) => output.write(chunk));
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
}
