import {
  type Bump,
  formatTagName,
  nextVersion,
  type RegisteredModel,
  type RequiredBump,
} from '@rastro/registry';
import type { EntryOf } from '@rastro/trail';

/** What a release is to do: nothing (again, or refused), or to make a version. */
export type ReleasePlan =
  | {
      readonly kind: 'existing';
      readonly version: string;
      readonly tag: string;
      readonly commit: string;
      readonly reasons: readonly string[];
    }
  | {
      readonly kind: 'refused' | 'release';
      readonly version: string;
      readonly tag: string;
      readonly commit: string;
      readonly reasons: readonly string[];
    };

/**
 * Decides what a release does, and does nothing. The same file again is the version that it has; a number that is taken, by a
 * tag or on the trail, is never used for another file.
 * @throws InputError when the version asked for is too low or taken.
 */
export function planRelease(request: {
  readonly model: string;
  /** Digest of the model file. */
  readonly sha256: string;
  readonly commit: string;
  readonly registered: RegisteredModel | undefined;
  /** Releases on the trail by version. */
  readonly releases: ReadonlyMap<string, EntryOf<'release'>>;
  readonly bump: RequiredBump;
  readonly asked: string | undefined;
  /** Why the evidence does not let it be released. */
  readonly refusals: readonly string[];
}): ReleasePlan {
  const { model, sha256, commit, registered, releases, bump, asked, refusals } = request;
  const before = [...releases.values()].find(({ event }) => event.sha256 === sha256);
  if (before && (asked === undefined || !asked.startsWith('v') || asked === before.event.version)) {
    const { version, tag } = before.event;
    return {
      kind: 'existing',
      version,
      tag,
      commit: before.event.commit,
      reasons: ['this file was released before'],
    };
  }
  const taken = new Set([...(registered?.versions.map(({ version }) => version) ?? []), ...releases.keys()]);
  const version = nextVersion({
    registered: [...taken],
    required: bump.bump,
    ...(asked === undefined ? {} : { asked: asked as Bump | `v${string}` }),
  });
  const tag = formatTagName({ action: 'register', model, version });
  return refusals.length > 0
    ? { kind: 'refused', version, tag, commit, reasons: refusals }
    : { kind: 'release', version, tag, commit, reasons: bump.reasons.map(({ message }) => message) };
}
