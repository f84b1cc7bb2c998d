/** The same use cases behind argv. */
import { ExitCode } from '@rastro/fault';
import { CommanderError } from 'commander';
import { program } from './program.ts';

/** Runs the command line with the arguments after the program's name, and sets the process's exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  try {
    await program((code) => {
      process.exitCode = code;
    }).parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = error.exitCode === 0 ? ExitCode.pass : ExitCode.input;
  }
}
