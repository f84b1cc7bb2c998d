import { getOctokit } from '@actions/github';
import { retry } from '@octokit/plugin-retry';
import { throttling } from '@octokit/plugin-throttling';

export type Octokit = ReturnType<typeof getOctokit>;

export interface Patience {
  /** How often a request is sent again after a failure that may pass. Default 3. */
  readonly retries?: number;
  /** Milliseconds that the first repetition waits; the n-th waits n² times as long. Default 1000. */
  readonly baseMs?: number;
  /** Leaves the time between writes that GitHub asks for. Default: everywhere but on this machine. */
  readonly paced?: boolean;
}

/** The longest wait for a rate limit, in seconds: a job that sleeps longer costs more than one that is run again. */
const LONGEST_WAIT = 120;

/** An octokit that waits and repeats where that may help. */
export function makeClient(options: { token: string; apiUrl: string; patience: Patience }): Octokit {
  const { token, apiUrl, patience } = options;
  const { retries = 3, baseMs = 1000, paced = !isLoopback(apiUrl) } = patience;
  const shouldWait = (seconds: number, _request: unknown, _octokit: unknown, count: number) =>
    count < retries && seconds <= LONGEST_WAIT;
  return getOctokit(
    token,
    {
      baseUrl: apiUrl,
      retry: { retries, retryAfterBaseValue: baseMs },
      throttle: {
        enabled: paced,
        retryAfterBaseValue: baseMs,
        onRateLimit: shouldWait,
        onSecondaryRateLimit: shouldWait,
      },
      // What is worth telling is told by our own errors.
      log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
    },
    retry,
    throttling,
  );
}

/** A GitHub on this machine is a test's or a demo's, and counts nobody's requests. */
function isLoopback(apiUrl: string): boolean {
  const { hostname } = new URL(apiUrl);
  return /^(127(\.\d+){3}|\[::1\]|(.+\.)?localhost)$/u.test(hostname);
}

function ignore(): void {}
