import { InputError, OutsideError } from './errors.ts';

/** The meaning of every exit code, the same for each action and command. */
export const ExitCode = {
  /** Everything asked for holds. */
  pass: 0,
  /** A gate answered no. */
  breach: 1,
  /** The user's input is wrong. */
  input: 2,
  /** A system outside failed: the network, GitHub, a registry, a target. */
  outside: 3,
  /** An audit found no contradiction and no proof: evidence is missing. */
  unprovable: 4,
  /** A bug in Rastro. */
  bug: 70,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** The exit code for a thrown value; whatever is not one of our own classes is a bug. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof InputError) return ExitCode.input;
  if (error instanceof OutsideError) return ExitCode.outside;
  return ExitCode.bug;
}
