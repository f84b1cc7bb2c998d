import { readRecord } from '@rastro/metrics';
import type { Policy } from '@rastro/registry';
import type { Actor, EventOf } from '@rastro/trail';
import { recordPath } from './evaluate.ts';
import type { Identity, Ports, Repository, Review } from './ports/index.ts';

export type Approvals = EventOf<'gate'>['approvals'];

/** Who made the change that a version came with, and who approved it at the forge. */
export interface People {
  readonly author: Actor | null;
  readonly approvals: Approvals;
}

type ForgePorts = Pick<Ports, 'forge' | 'context' | 'sha256'>;

/** What is to be approved: a version by its files, and where it is to go. */
export interface Approved {
  readonly model: string;
  readonly stage: string;
  readonly sha256: string;
  readonly recordSha256: string | null;
  /** The commit of the release; undefined when there is none. */
  readonly commit: string | undefined;
  /** ISO 8601. */
  readonly at: string;
}

/**
 * The author of a version and the approvals that the forge holds of it. The forge is asked only for the sources that the
 * policy counts. Approvals by signature are on the trail and not asked for here.
 */
export async function peopleOf(
  approved: Approved,
  asked: Policy['stages'][string] | undefined,
  repository: Repository,
  ports: ForgePorts,
): Promise<People> {
  const { commit } = approved;
  if (!commit) return { author: null, approvals: [] };
  const info = await repository.commitInfo(commit);
  const committer = info ? personOf(info.author) : null;
  if (!asked || !needsApproval(asked) || !ports.context.slug) return { author: committer, approvals: [] };
  const { sources, exclude_author } = asked.approvals;
  const answered = sources.includes('environment') ? await environmentApprovals(approved, ports) : [];
  if (!sources.includes('review') && !exclude_author) return { author: committer, approvals: answered };
  const reviewed = await reviewApprovals(approved, commit, repository, ports);
  return {
    author: reviewed?.author ?? committer,
    approvals: [...answered, ...(sources.includes('review') ? (reviewed?.approvals ?? []) : [])],
  };
}

/** GitHub writes who somebody is into the address that hides theirs. */
const HIDDEN = /^(?:(\d+)\+)?([^@+]+)@users\.noreply\.github\.com$/;

/** The author of a commit, as a forge would name them where the commit tells it, else by the name in the commit. */
function personOf({ name, email }: Identity): Actor {
  const [, id, login] = HIDDEN.exec(email) ?? [];
  return login === undefined
    ? { login: name, id: null }
    : { login, id: id === undefined ? null : Number(id) };
}

function needsApproval({ approvals, rollback }: Policy['stages'][string]): boolean {
  return Math.max(approvals.min, rollback?.approvals ?? 0) > 0;
}

/**
 * Whoever let the job of this very run into the environment of the stage's name approved what the run moves there. GitHub
 * does not tell when; it was before this job began.
 */
async function environmentApprovals(
  { stage, sha256, recordSha256, at }: Approved,
  { forge, context }: ForgePorts,
): Promise<Approvals> {
  const run = /\/actions\/runs\/(\d+)$/.exec(context.runUrl ?? '')?.[1];
  if (!run) return [];
  const answers = await (await forge()).runApprovals(Number(run));
  return answers
    .filter(({ environments }) => environments.includes(stage))
    .map(({ user, userId, state }) => ({
      by: { login: user, id: userId },
      source: 'environment' as const,
      verdict: state,
      sha256,
      recordSha256,
      at,
    }));
}

/** A review speaks of what the reviewed commit holds: only the model and the evaluation that are in it. */
async function reviewApprovals(
  { model }: Approved,
  commit: string,
  repository: Repository,
  ports: ForgePorts,
): Promise<People | undefined> {
  const forge = await ports.forge();
  const [pullRequest] = await forge.pullRequestsOf(commit);
  if (!pullRequest) return undefined;
  const author: Actor = { login: pullRequest.author, id: pullRequest.authorId ?? null };
  const reviewed = await recordAt(pullRequest.head, model, repository, ports);
  if (!reviewed) return { author, approvals: [] };
  const reviews = await forge.reviews(pullRequest.number);
  return {
    author,
    approvals: lastOfEach(reviews.filter((review) => review.commit === pullRequest.head)).map((review) => ({
      by: { login: review.user, id: review.userId },
      source: 'review' as const,
      verdict: review.state === 'approved' ? ('approved' as const) : ('rejected' as const),
      ...reviewed,
      at: `${review.submittedAt.slice(0, 19)}Z`,
    })),
  };
}

/** The model and the evaluation record that a commit holds; undefined when it holds none. */
async function recordAt(
  commit: string,
  model: string,
  repository: Repository,
  { sha256 }: Pick<Ports, 'sha256'>,
) {
  const bytes = (await repository.fetchCommit(commit))
    ? await repository.readFile(commit, recordPath(model))
    : undefined;
  if (!bytes) return undefined;
  const record = readRecord(new TextDecoder().decode(bytes), recordPath(model));
  return { sha256: record.model.sha256, recordSha256: sha256(bytes) };
}

/** A person's last word counts: an approval or a request for changes; comments are no word. */
function lastOfEach(reviews: readonly Review[]): Review[] {
  const last = new Map<number, Review>();
  for (const review of reviews) {
    if (review.state === 'approved' || review.state === 'changes-requested') last.set(review.userId, review);
    if (review.state === 'dismissed') last.delete(review.userId);
  }
  return [...last.values()];
}
