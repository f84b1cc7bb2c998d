/** An annotated tag. `objectId` is the tag object's, `commit` what it points at. `taggedAt` in seconds since the epoch. */
export interface Tag {
  readonly name: string;
  readonly objectId: string;
  readonly commit: string;
  readonly message: string;
  readonly taggedAt: number;
  readonly tagger: string;
}

/** A file to add at a path, in a commit made without touching the working tree. */
export interface NewFile {
  readonly path: string;
  readonly content: string | Uint8Array;
}

/** One commit on the trail branch: the entry file it adds. */
export interface TrailCommit {
  readonly commit: string;
  readonly parents: readonly string[];
  readonly message: string;
  readonly committedAt: number;
  /** Files this commit adds, with their bytes; `changed` lists paths that it modified, removed, or added as something else than a plain file. */
  readonly added: readonly { path: string; bytes: Uint8Array }[];
  readonly changed: readonly string[];
}

/** An identity that Git writes into a commit or tag. */
export interface Identity {
  readonly name: string;
  readonly email: string;
}

/**
 * The Git repository of the working directory and its remote. Nothing here runs a shell; names are validated and `--`
 * ends options. Paths are relative to that directory, wherever in the repository it is. Object ids are full hex. "Not there" is undefined; a repository that cannot be read throws.
 */
export interface Repository {
  /** The name or URL that is pushed to and fetched from; undefined when the repository has no remote. */
  readonly remote: string | undefined;
  /** Where in the repository that directory is: empty at the root, else with `/` at its end. */
  readonly folder: string;
  head(): Promise<string>;
  isShallow(): Promise<boolean>;
  /** The object id of the commit that a revision names. */
  resolve(revision: string): Promise<string | undefined>;
  /** The remote's default branch: its name and its commit, fetched first when there is a remote. */
  defaultBranch(): Promise<{ name: string; commit: string } | undefined>;
  /**
   * The best common ancestor; deepens a shallow clone step by step until it is found.
   * @throws OutsideError `git-shallow` when the history that would tell cannot be fetched; so do the next one and `rootCommit`.
   */
  mergeBase(a: string, b: string): Promise<string | undefined>;
  isAncestor(ancestor: string, descendant: string): Promise<boolean>;
  /** Brings a commit that this clone lacks, with the files of its own tree only; false when the remote does not give it. */
  fetchCommit(commit: string): Promise<boolean>;
  readFile(commit: string, path: string): Promise<Uint8Array | undefined>;
  /** The same for many at once, each with its blob id, in the order asked for. */
  readFiles(
    files: readonly { readonly commit: string; readonly path: string }[],
  ): Promise<({ blob: string; bytes: Uint8Array } | undefined)[]>;
  /** Where each of many commits is: led to by `branch`, elsewhere in this clone, or not in it. */
  placesOf(
    commits: readonly string[],
    branch: string,
  ): Promise<ReadonlyMap<string, 'inside' | 'outside' | 'absent'>>;
  /** Author name and email of a commit, its time in seconds since the epoch and its subject. */
  commitInfo(commit: string): Promise<{ author: Identity; committedAt: number; subject: string } | undefined>;
  /** Paths with changes not committed, among those given. */
  dirty(paths: readonly string[]): Promise<string[]>;
  /** The id of the first commit, along the first parents of HEAD: the repository's identity across clones. */
  rootCommit(): Promise<string>;

  /** Annotated tags, fetched from the remote first (into a private namespace); lightweight ones are left out. */
  tags(): Promise<Tag[]>;
  /** Has `git tag` list a tag of the remote here, too. One of that name that is here is left as it is, and so is one not seen. */
  keepTag(name: string): Promise<void>;
  /** Writes an annotated tag object without a ref, and returns its id. */
  makeTagObject(tag: {
    name: string;
    target: string;
    message: string;
    tagger: Identity;
    taggedAt: number;
  }): Promise<string>;

  /**
   * The tip of the trail branch, fetched from the remote first; undefined when there is no trail yet.
   * @throws OutsideError `trail-rewritten` when the remote's trail does not continue the one that this clone has seen.
   */
  trailHead(): Promise<string | undefined>;
  /** The trail's commits from genesis to `head`, oldest first. */
  trail(head: string): Promise<readonly TrailCommit[]>;
  /**
   * Builds one commit per file on top of `head` (an orphan when undefined), each adding exactly that file, and pushes them
   * together with new tags in one atomic push with a lease on `head`. Without a remote it updates local refs in one transaction.
   * The tags are then in the clone as well; a tag of the clone that has such a name already is left as it is.
   * Returns 'rejected' when someone else was first (nothing has changed then).
   */
  appendTrail(append: {
    head: string | undefined;
    entries: readonly { path: string; content: string; message: string }[];
    tags: readonly { name: string; objectId: string }[];
    author: Identity;
    at: number;
  }): Promise<{ status: 'accepted'; head: string } | { status: 'rejected' }>;

  /**
   * Commits files on top of `base` as `branch`, without touching the working tree, and pushes it in place of what the branch
   * held, with a lease. A branch whose last commit is somebody else's is left alone: 'foreign'.
   */
  pushBranch(push: {
    branch: string;
    base: string;
    files: readonly NewFile[];
    message: string;
    author: Identity;
    at: number;
  }): Promise<{ status: 'pushed' | 'unchanged' | 'foreign'; commit: string }>;
}
