import type { z } from 'zod';
import type { Outcome } from './outcome.ts';
import type { Ports } from './ports/index.ts';

interface CommandLine {
  readonly alias?: string;
  /** Fields of the request that may also be given without their names, in this order: `rastro audit churn prod`. */
  readonly arguments?: readonly string[];
  /** What `--json` prints: the whole outcome (default), or the record alone where another tool's format is kept. */
  readonly json?: 'outcome' | 'record';
}

/** A verb as every front end sees it: its name, one line on what it does, its request, and the use case behind it. */
export interface Verb extends CommandLine {
  /** `promote`; with its group before it, `registry show`. */
  readonly name: string;
  readonly summary: string;
  readonly request: z.ZodObject;
  run(request: unknown, ports: Ports): Promise<Outcome<unknown>>;
}

export function verb<S extends z.ZodObject>(
  name: string,
  summary: string,
  request: S,
  run: (request: z.output<S>, ports: Ports) => Promise<Outcome<unknown>>,
  commandLine: CommandLine = {},
): Verb {
  return { name, summary, request, run: (given, ports) => run(given as z.output<S>, ports), ...commandLine };
}
