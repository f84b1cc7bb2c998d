/** The time, as a parameter so that a run can be repeated. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  sleep(milliseconds: number): Promise<void>;
}

/** Runs a user's command line (through the platform's shell, as a workflow's `run:` does) and shows its output as it comes. */
export interface CommandRunner {
  /** Resolves with the exit code. `env` is added to the environment. Output is echoed with workflow commands made harmless. */
  run(
    command: string,
    options: { cwd: string; env: Record<string, string> },
  ): Promise<{ exitCode: number; seconds: number }>;
}

/** Where a use case tells how far it is; shown on terminals and in logs, never part of a result. */
export interface Progress {
  step(message: string): void;
}
