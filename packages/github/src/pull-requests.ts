import { type Forge, type PullRequest, type Review, sameText } from '@rastro/usecases';
import { hasStatus, isRequestFailure } from './failures.ts';
import type { Session } from './session.ts';

const reading = (doing: string) => ({ doing, permission: 'pull-requests: read' });

export async function readPullRequest(
  { octokit, place, attempt }: Session,
  number: number,
): Promise<PullRequest> {
  return attempt(reading(`reading pull request #${number}`), async () => {
    const { data } = await octokit.rest.pulls.get({ ...place, pull_number: number });
    return pullRequestOf(data);
  });
}

export async function pullRequestsOf(
  { octokit, place, attempt }: Session,
  commit: string,
): Promise<PullRequest[]> {
  return attempt(reading(`looking for the pull requests of ${commit}`), async () => {
    try {
      const all = await octokit.paginate(octokit.rest.repos.listPullRequestsAssociatedWithCommit, {
        ...place,
        commit_sha: commit,
        per_page: 100,
      });
      return all.sort((a, b) => standing(a) - standing(b) || a.number - b.number).map(pullRequestOf);
    } catch (error) {
      // A commit that was never pushed is in no pull request.
      if (hasStatus(error, 422) && isRequestFailure(error) && /no commit found/i.test(error.message))
        return [];
      throw error;
    }
  });
}

/**
 * The open pull requests whose head is that branch of that owner's repository, at that very commit. A commit alone would not do:
 * whoever copies somebody's commit into a fork has a head of the same id.
 */
export async function pullRequestsFrom(
  { octokit, place, attempt }: Session,
  head: { readonly owner: string; readonly branch: string; readonly commit: string },
): Promise<PullRequest[]> {
  return attempt(reading(`looking for the pull request of ${head.owner}:${head.branch}`), async () => {
    const all = await octokit.paginate(octokit.rest.pulls.list, {
      ...place,
      state: 'open',
      head: `${head.owner}:${head.branch}`,
      per_page: 100,
    });
    return all
      .filter(
        (pull) =>
          pull.head.sha === head.commit &&
          pull.head.ref === head.branch &&
          pull.head.label === `${head.owner}:${head.branch}`,
      )
      .sort((a, b) => a.number - b.number)
      .map(pullRequestOf);
  });
}

/** The one that brought the commit in comes first, then those that would, then those that were given up. */
function standing({ merged_at, state }: { merged_at?: string | null; state: string }): number {
  if (merged_at) return 0;
  return state === 'open' ? 1 : 2;
}

export async function reviews({ octokit, place, attempt }: Session, pullRequest: number): Promise<Review[]> {
  return attempt(reading(`reading the reviews of #${pullRequest}`), async () => {
    const all = await octokit.paginate(octokit.rest.pulls.listReviews, {
      ...place,
      pull_number: pullRequest,
      per_page: 100,
    });
    return all.flatMap(({ user, state, commit_id, submitted_at }) => {
      const known = reviewState(state);
      // A review without a user is that of a deleted account; nobody can be held to it.
      if (!known || !user || !submitted_at) return [];
      return [
        {
          user: user.login,
          userId: user.id,
          state: known,
          commit: commit_id ?? '',
          submittedAt: submitted_at,
        },
      ];
    });
  });
}

export async function ensurePullRequest(
  session: Session,
  request: Parameters<Forge['ensurePullRequest']>[0],
): ReturnType<Forge['ensurePullRequest']> {
  const { octokit, place, attempt } = session;
  const doing = `opening a pull request from ${request.branch}`;
  return attempt({ doing, permission: 'pull-requests: write' }, async () => {
    const existing = await updateOpenOne(session, request);
    if (existing) return existing;
    try {
      const { data } = await octokit.rest.pulls.create({
        ...place,
        head: request.branch,
        base: request.base,
        title: request.title,
        body: request.body,
      });
      return { number: data.number, url: data.html_url, status: 'created' };
    } catch (error) {
      // Another run was quicker, or our own request got through although its answer did not.
      const twin = hasStatus(error, 422) ? await updateOpenOne(session, request) : undefined;
      if (twin) return twin;
      throw error;
    }
  });
}

async function updateOpenOne(
  { octokit, place }: Session,
  { branch, base, title, body }: Parameters<Forge['ensurePullRequest']>[0],
): Promise<Awaited<ReturnType<Forge['ensurePullRequest']>> | undefined> {
  const { data } = await octokit.rest.pulls.list({
    ...place,
    state: 'open',
    head: `${place.owner}:${branch}`,
    base,
  });
  const [open] = data;
  if (!open) return undefined;
  const { number, html_url: url } = open;
  if (open.title === title && sameText(open.body ?? '', body)) return { number, url, status: 'unchanged' };
  await octokit.rest.pulls.update({ ...place, pull_number: number, title, body });
  return { number, url, status: 'updated' };
}

interface PullData {
  readonly number: number;
  readonly html_url: string;
  readonly user: { readonly login: string; readonly id: number } | null;
  readonly head: { readonly sha: string; readonly repo: { readonly full_name: string } | null };
  readonly base: { readonly ref: string; readonly repo: { readonly full_name: string } };
}

function pullRequestOf({ number, html_url, user, head, base }: PullData): PullRequest {
  return {
    number,
    url: html_url,
    head: head.sha,
    base: base.ref,
    author: user?.login ?? 'ghost',
    authorId: user?.id,
    // The repository of a head is gone when its fork was deleted.
    fromFork: head.repo?.full_name !== base.repo.full_name,
  };
}

function reviewState(state: string): Review['state'] | undefined {
  switch (state.toUpperCase()) {
    case 'APPROVED':
      return 'approved';
    case 'CHANGES_REQUESTED':
      return 'changes-requested';
    case 'COMMENTED':
      return 'commented';
    case 'DISMISSED':
      return 'dismissed';
    default:
      // PENDING: not submitted, so nothing that was said.
      return undefined;
  }
}
