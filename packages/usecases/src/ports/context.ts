/** Who asked for this run, and where it can be looked at again. */
export interface RunContext {
  /** Version of Rastro itself. */
  readonly version: string;
  /** Login on the forge, or the Git user name on a laptop. */
  readonly actor: string;
  /** The actor's numeric id on the forge. */
  readonly actorId: number | undefined;
  /** Page of the workflow run. */
  readonly runUrl: string | undefined;
  /** `owner/name` on the forge. */
  readonly slug: string | undefined;
  readonly pullRequest: { readonly number: number; readonly base: string; readonly head: string } | undefined;
  /** Who writes commits and tags. */
  readonly identity: { readonly name: string; readonly email: string };
}
