import type { SshKey } from '@rastro/trail';

/** Who asked for this run, and where it can be looked at again. */
export interface RunContext {
  /** Version of Rastro itself. */
  readonly version: string;
  /** Login on the forge, or the Git user name on a laptop. */
  readonly actor: string;
  /** The actor's numeric id on the forge. */
  readonly actorId: number | undefined;
  /** Number of the run, greater for one that was started later; undefined outside of a forge's workflows. */
  readonly runId: number | undefined;
  /** Page of the workflow run. */
  readonly runUrl: string | undefined;
  /** `owner/name` on GitHub; undefined when the repository is on another forge, or on none. */
  readonly slug: string | undefined;
  readonly pullRequest:
    | {
        readonly number: number;
        readonly base: string;
        readonly head: string;
        /** Its head is in another repository, so the run's token can only read. */
        readonly fromFork?: boolean;
      }
    | undefined;
  /** What this run makes is looked at and thrown away: a pull request that is not merged yet. */
  readonly isTrial: boolean;
  /** The run of a pull request's workflow that this one follows (`workflow_run`), as the forge's event tells it. */
  readonly followedRun?: {
    readonly id: number;
    /** Whose repository, which branch and which commit it ran on. */
    readonly head: { readonly owner: string; readonly branch: string; readonly commit: string };
  };
  /** Who writes commits and tags. */
  readonly identity: { readonly name: string; readonly email: string };
  /** Signs entries of the trail, when a key is configured. */
  readonly signer: TrailSigner | undefined;
}

/** An SSH key that somebody gave to sign with. The key itself never comes here. */
export interface TrailSigner {
  /**
   * The signature over the message in the trail's namespace, and the key that it is by.
   * @throws InputError when the key cannot be used.
   */
  sign(message: Uint8Array): Promise<{ readonly key: SshKey; readonly signature: Uint8Array }>;
}
