import { fault, InputError } from '@rastro/fault';
import type { Forge } from '@rastro/usecases';
import { publishCheck } from './checks.ts';
import { makeClient, type Octokit, type Patience } from './client.ts';
import { upsertComment } from './comments.ts';
import { createDeployment, setDeploymentStatus } from './deployments.ts';
import { hasStatus } from './failures.ts';
import { closeIssue, upsertIssue } from './issues.ts';
import { branchProtection, runApprovals, tagProtection } from './protection.ts';
import {
  ensurePullRequest,
  pullRequestsFrom,
  pullRequestsOf,
  readPullRequest,
  reviews,
} from './pull-requests.ts';
import { downloadAsset, ensureRelease } from './releases.ts';
import { makeIdentity, makeSession } from './session.ts';

export interface ForgeOptions {
  /** Undefined or empty is an error that says where a token comes from. */
  readonly token: string | undefined;
  readonly repository: { readonly owner: string; readonly repo: string };
  readonly apiUrl: string;
  readonly retry?: Patience;
}

/**
 * GitHub as a forge.
 * @throws InputError `token-missing`. Its methods throw OutsideError, whose next step names the permission that is missing.
 */
export function createForge({ token: given, repository, apiUrl, retry = {} }: ForgeOptions): Forge {
  // A token that was read from a file or a command often brings its line end along.
  const token = given?.trim();
  if (!token) {
    throw new InputError(
      fault(
        'token-missing',
        'there is no GitHub token',
        undefined,
        'In a workflow leave the input "token" at its default; on your machine set GITHUB_TOKEN, for example to the output of `gh auth token`.',
      ),
    );
  }
  const octokit = makeClient({ token, apiUrl, patience: retry });
  const session = makeSession({
    octokit,
    place: repository,
    token,
    identity: makeIdentity(() =>
      session.attempt({ doing: 'asking who the token belongs to', permission: 'contents: read' }, () =>
        askLogin(octokit),
      ),
    ),
  });
  return {
    self: () => session.identity.login(),
    pullRequest: (number) => readPullRequest(session, number),
    pullRequestsOf: (commit) => pullRequestsOf(session, commit),
    pullRequestsFrom: (head) => pullRequestsFrom(session, head),
    reviews: (pullRequest) => reviews(session, pullRequest),
    runApprovals: (run) => runApprovals(session, run),
    branchProtection: (branch) => branchProtection(session, branch),
    tagProtection: (tag) => tagProtection(session, tag),
    upsertComment: ({ pullRequest, key, body }) => upsertComment(session, { number: pullRequest, key, body }),
    ensureRelease: (release) => ensureRelease(session, release),
    downloadAsset: (asset) => downloadAsset(session, asset),
    createDeployment: (deployment) => createDeployment(session, deployment),
    setDeploymentStatus: (status) => setDeploymentStatus(session, status),
    ensurePullRequest: (request) => ensurePullRequest(session, request),
    upsertIssue: (issue) => upsertIssue(session, issue),
    closeIssue: (issue) => closeIssue(session, issue),
    publishCheck: (check) => publishCheck(session, check),
  };
}

/** An app's token, such as the one of a job, may not ask. */
async function askLogin(octokit: Octokit): Promise<string | undefined> {
  try {
    const { data } = await octokit.rest.users.getAuthenticated();
    return data.login;
  } catch (error) {
    if (hasStatus(error, 403, 404)) return undefined;
    throw error;
  }
}
