import { type Fault, fault, isRastroError, OutsideError } from '@rastro/fault';

/** What octokit throws: an HTTP status (500 where there was no answer at all), and GitHub's answer where there was one. */
interface RequestFailure extends Error {
  readonly status: number;
  readonly response?: {
    readonly headers: Readonly<Record<string, string | number | undefined>>;
    readonly data?: unknown;
  };
}

/** What was tried: words that follow "GitHub … while", and what a workflow's token needs for it. */
export interface Attempt {
  readonly doing: string;
  /** In the words of a workflow file: `pull-requests: write`. */
  readonly permission: string;
}

export function isRequestFailure(error: unknown): error is RequestFailure {
  return error instanceof Error && 'status' in error && typeof error.status === 'number';
}

export function hasStatus(error: unknown, ...statuses: number[]): boolean {
  return isRequestFailure(error) && error.response !== undefined && statuses.includes(error.status);
}

/** A failed request as an error that says what to do about it. What is not a failed request is passed on as it is. */
export function explainFailure(error: unknown, attempt: Attempt, token: string): unknown {
  if (isRastroError(error) || !isRequestFailure(error)) return error;
  const redact = (text: string) => text.replaceAll(token, '***');
  const { code, message, next } = describe(error, attempt);
  // Octokit's own error holds the request and the answer, which may repeat the token: only its words and status go on.
  const cause = Object.assign(new Error(redact(error.message)), { status: error.status });
  return new OutsideError(fault(code, redact(message), undefined, next && redact(next)), { cause });
}

function describe(error: RequestFailure, { doing, permission }: Attempt): Fault {
  const { status, response } = error;
  const said = firstSentence(error);
  if (!response) {
    return fault(
      'github-unreachable',
      `GitHub could not be reached while ${doing}: ${error.message}`,
      undefined,
      'Check the network and the proxy, then run the job again.',
    );
  }
  if (isRateLimit(error)) {
    return fault(
      'github-rate-limit',
      `GitHub's rate limit is used up, so ${doing} did not succeed`,
      undefined,
      'Wait until the limit is reset, then run the job again.',
    );
  }
  if (status === 401) {
    return fault(
      'token-refused',
      `GitHub does not accept the token (401), so ${doing} did not succeed`,
      undefined,
      'Check that the token is not expired; in a workflow leave the input "token" at its default.',
    );
  }
  if (status === 403 && /not permitted to create or approve pull requests/i.test(said)) {
    return fault(
      'pull-requests-not-allowed',
      'the repository does not let GitHub Actions create pull requests',
      undefined,
      'Turn on "Allow GitHub Actions to create and approve pull requests" under Settings, Actions, General.',
    );
  }
  if (status === 403 && /\bis locked\b/i.test(said)) {
    return fault(
      'conversation-locked',
      `the conversation is locked, so ${doing} was refused`,
      undefined,
      'Unlock the conversation, then run the job again.',
    );
  }
  if (status === 403) {
    return fault(
      'permission-missing',
      `the token may not do this: ${doing} was refused (403: ${said})`,
      undefined,
      `Give the job \`permissions: ${permission}\`. On pull requests from forks the token can only read.`,
    );
  }
  if (status === 404) {
    return fault(
      'github-not-found',
      `GitHub found nothing while ${doing} (404)`,
      undefined,
      `Check the repository and the number or name. GitHub also answers so when the token lacks \`permissions: ${permission}\`.`,
    );
  }
  if (status >= 500) {
    return fault(
      'github-unavailable',
      `GitHub failed (${status}) while ${doing}`,
      undefined,
      'Look at githubstatus.com, then run the job again: what was done is found and not done twice.',
    );
  }
  return fault(
    'github-refused',
    `GitHub refused ${doing} (${status}: ${said})`,
    undefined,
    'Mend what GitHub names, then run the job again.',
  );
}

function isRateLimit({ status, message, response }: RequestFailure): boolean {
  if (status === 429) return true;
  return (
    status === 403 && (response?.headers['x-ratelimit-remaining'] === '0' || /\brate limit\b/i.test(message))
  );
}

/** GitHub's own words, without the link to its documentation that octokit appends. */
function firstSentence(error: RequestFailure): string {
  return error.message.replace(/ - https:\/\/\S+$/, '');
}
