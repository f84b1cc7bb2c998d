import { type Fault, isRastroError } from './errors.ts';
import { type ExitCode, exitCodeOf } from './exit-code.ts';

/** An error ready to be shown: the same words on a terminal, in an annotation and in JSON. */
export interface Explanation {
  readonly exitCode: ExitCode;
  readonly faults: readonly Fault[];
  /** Only for a bug: the stack, so that it can be reported. */
  readonly stack?: string;
}

/** Turns any thrown value into what we show. A value that is not ours is a bug, and is told as one. */
export function explain(error: unknown): Explanation {
  if (isRastroError(error)) return { exitCode: exitCodeOf(error), faults: error.faults };
  const known = error instanceof Error ? error : new Error(String(error));
  return {
    exitCode: exitCodeOf(error),
    faults: [
      {
        code: 'bug',
        message: `This is a bug in Rastro: ${known.message}`,
        next: 'Please report it with the stack below and the command that you ran.',
      },
    ],
    ...(known.stack ? { stack: known.stack } : {}),
  };
}
