/** A pull request that is open, or was. */
export interface PullRequest {
  readonly number: number;
  readonly url: string;
  /** The commit at its head. */
  readonly head: string;
  /** The name of the branch it goes into. */
  readonly base: string;
  readonly author: string;
  readonly authorId: number | undefined;
  readonly fromFork: boolean;
}

export interface Review {
  readonly user: string;
  readonly userId: number;
  readonly state: 'approved' | 'changes-requested' | 'commented' | 'dismissed';
  /** The commit that was reviewed. */
  readonly commit: string;
  /** ISO 8601. */
  readonly submittedAt: string;
}

/** A verdict on a commit, with findings beside the lines of its files. Lines are 1-based. */
export interface CheckRun {
  readonly name: string;
  readonly commit: string;
  readonly conclusion: 'success' | 'failure' | 'neutral';
  readonly title: string;
  /** Markdown, at most 65,535 bytes. */
  readonly summary: string;
  readonly annotations: readonly {
    readonly level: 'failure' | 'warning' | 'notice';
    readonly file: string;
    readonly line: number;
    readonly endLine?: number;
    readonly title?: string;
    readonly message: string;
  }[];
}

/** Where the one comment of a key can be kept: a forge, or a file. */
export interface CommentBoard {
  /**
   * Creates or updates the one comment of ours that bears the key; an unchanged one is not rewritten. `body` makes the
   * text from that of the comment as it stands (undefined when there is none), so that it can keep a history.
   */
  upsertComment(comment: {
    pullRequest: number;
    key: string;
    body: (previous: string | undefined) => string;
  }): Promise<{ url: string; status: 'created' | 'updated' | 'unchanged'; body: string }>;
}

/** What somebody answered when a job waited for an environment. */
export interface RunApproval {
  readonly user: string;
  readonly userId: number;
  readonly state: 'approved' | 'rejected';
  /** The environments that were answered for. */
  readonly environments: readonly string[];
}

/** Rules that the forge enforces on a branch or on tags, by their names at the forge (`deletion`, `non_fast_forward`, …). */
export interface Protection {
  readonly rules: readonly string[];
  /** An older branch protection is there; its rules are not told to everybody. */
  readonly classic: boolean;
}

/**
 * The forge (GitHub). Everything that writes is idempotent: asked twice for the same thing it finds the first.
 * @throws OutsideError when the forge fails or refuses, naming the permission that is missing.
 */
export interface Forge extends CommentBoard {
  /** Who the token belongs to, to tell our own comments from others; undefined when the forge does not say. */
  self(): Promise<string | undefined>;
  pullRequest(number: number): Promise<PullRequest>;
  /** Pull requests that contain a commit: the one that was merged with it first, abandoned ones last. */
  pullRequestsOf(commit: string): Promise<PullRequest[]>;
  /** Open pull requests whose head is a branch of an owner's repository at a commit, oldest first. */
  pullRequestsFrom(head: { owner: string; branch: string; commit: string }): Promise<PullRequest[]>;
  reviews(pullRequest: number): Promise<Review[]>;
  /** Who let the jobs of a workflow run into their environments. */
  runApprovals(run: number): Promise<RunApproval[]>;
  /** The rules in force on a branch, those of its organisation included. */
  branchProtection(branch: string): Promise<Protection>;
  /** The rules in force on a tag of that name. */
  tagProtection(tag: string): Promise<Protection>;
  /** Draft, upload, publish; resumes one that was left half-done. Assets are compared by name and size. */
  ensureRelease(release: {
    tag: string;
    commit: string;
    title: string;
    body: string;
    prerelease: boolean;
    assets: readonly { name: string; path: string; contentType: string }[];
  }): Promise<{ url: string; status: 'created' | 'resumed' | 'existing' }>;
  /** Downloads an asset of a published release to a file; false when there is no such release or asset. */
  downloadAsset(asset: { tag: string; name: string; to: string }): Promise<boolean>;
  createDeployment(deployment: {
    ref: string;
    environment: string;
    description: string;
    payload: Record<string, unknown>;
  }): Promise<{ id: number; url: string }>;
  setDeploymentStatus(status: {
    id: number;
    state: 'in_progress' | 'success' | 'failure';
    description: string;
    environmentUrl?: string;
    logUrl?: string;
  }): Promise<void>;
  /** Opens a pull request from a branch, or finds the open one. */
  ensurePullRequest(request: {
    branch: string;
    base: string;
    title: string;
    body: string;
  }): Promise<{ number: number; url: string; status: 'created' | 'updated' | 'unchanged' }>;
  /** One open issue per key: created, or its body updated. */
  upsertIssue(issue: {
    key: string;
    title: string;
    body: string;
    labels: readonly string[];
  }): Promise<{ number: number; url: string; status: 'created' | 'updated' | 'unchanged' }>;
  /** Closes the open issue of a key with a comment; false when there is none. */
  closeIssue(issue: { key: string; comment: string }): Promise<boolean>;
  /** Writes a check run with any number of annotations. */
  publishCheck(check: CheckRun): Promise<{ url: string }>;
}
