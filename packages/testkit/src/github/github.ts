import type { StoredArtifact } from '../results/artifact-store.ts';
import type { StoredCacheEntry } from '../results/cache-store.ts';
import type { StoredCheckRun, StoredCommitStatus } from './checks.ts';
import type { StoredDeployment } from './deployments.ts';
import type { StoredDispatch } from './dispatches.ts';
import type { Failure } from './planned-failures.ts';
import type { NewPullRequest } from './pull-requests.ts';
import type { StoredRelease } from './releases.ts';

export interface GitHubOptions {
  /** `owner/name`. */
  readonly repository: string;
  /** A bare repository that is served as this one over HTTP, and that heads, tags and merges are read from. */
  readonly git?: string;
  /** Logins besides `ada`, `grace`, `mallory`, the owner and the account of the app. */
  readonly users?: readonly string[];
  /** The account of the app that the token belongs to; by default that of Actions. */
  readonly app?: string;
}

export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  /** The operation in GitHub's description; undefined when it has none. */
  readonly operation: string | undefined;
  readonly login: string | undefined;
  readonly body: unknown;
  readonly status: number;
}

export interface Violation {
  readonly method: string;
  readonly path: string;
  readonly reasons: readonly string[];
}

export interface StoredComment {
  readonly id: number;
  readonly issue: number;
  readonly author: string;
  readonly body: string;
}

export interface StoredIssue {
  readonly number: number;
  readonly title: string;
  readonly body: string;
  readonly state: string;
  readonly labels: readonly string[];
  readonly isPullRequest: boolean;
}

/** Each list oldest first. */
export interface GitHubState {
  readonly comments: readonly StoredComment[];
  readonly issues: readonly StoredIssue[];
  readonly releases: readonly StoredRelease[];
  readonly deployments: readonly StoredDeployment[];
  readonly checkRuns: readonly StoredCheckRun[];
  readonly commitStatuses: readonly StoredCommitStatus[];
  readonly dispatches: readonly StoredDispatch[];
  readonly artifacts: readonly StoredArtifact[];
  readonly cacheEntries: readonly StoredCacheEntry[];
}

export interface GitHub {
  readonly url: string;
  readonly apiUrl: string;
  /** Where jobs bring their artifacts and caches to. */
  readonly resultsUrl: string;
  readonly repository: string;
  /** A workflow's token: may write, belongs to `github-actions[bot]`, and may not ask who it is. */
  readonly token: string;
  /** The same on a pull request from a fork: may only read. */
  readonly readOnlyToken: string;
  /** A personal token of a user. */
  tokenOf(login: string): string;
  /** Oldest first. Git's own requests are not among them. */
  readonly requests: readonly RecordedRequest[];
  /** Requests that GitHub's description does not allow. */
  readonly violations: readonly Violation[];
  state(): Promise<GitHubState>;
  /** Asks the API as a user; the answer's body is returned, whatever its status. */
  ask(login: string, method: string, path: string, body?: unknown): Promise<unknown>;
  /** Opens a pull request as its author would. Resolves with its number. */
  openPullRequest(request: NewPullRequest): Promise<number>;
  /** The payload of a `pull_request` event about it. */
  pullRequestEvent(number: number, action?: string): Promise<Record<string, unknown>>;
  failNext(failure: Failure): void;
  /** Forgets what `failNext` still has to break. */
  heal(): void;
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
