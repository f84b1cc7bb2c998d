import {
  type Bump,
  formatTagName,
  nextVersion,
  type RegisteredModel,
  type RequiredBump,
} from '@rastro/registry';
import type { EntryOf, ModelState } from '@rastro/trail';

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

/** What was said of each version that was deregistered, on the trail or by a tag alone. */
export function withdrawalsOf(
  registered: RegisteredModel | undefined,
  withdrawn: ModelState['withdrawn'],
): ReadonlyMap<string, string> {
  const byTag = registered?.versions.filter(({ active }) => !active) ?? [];
  return new Map([
    ...byTag.map(({ version }) => [version, `${registered?.name} ${version} is deregistered`] as const),
    ...[...withdrawn].map(([version, { event }]) => [version, event.reason] as const),
  ]);
}

/** The release that a file has already; of several, the last that was not withdrawn. */
export function releaseOf(
  sha256: string,
  releases: ReadonlyMap<string, EntryOf<'release'>>,
  withdrawals: ReadonlyMap<string, string>,
): EntryOf<'release'> | undefined {
  const own = [...releases.values()].filter(({ event }) => event.sha256 === sha256);
  return own.findLast(({ event }) => !withdrawals.has(event.version)) ?? own.at(-1);
}

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
  /** Versions that were deregistered, each with what was said of it. */
  readonly withdrawals: ReadonlyMap<string, string>;
  readonly bump: RequiredBump;
  readonly asked: string | undefined;
  /** Why the evidence does not let it be released. */
  readonly refusals: readonly string[];
}): ReleasePlan {
  const { model, sha256, commit, registered, releases, withdrawals, bump, asked, refusals } = request;
  const before = releaseOf(sha256, releases, withdrawals);
  if (before && (asked === undefined || !asked.startsWith('v') || asked === before.event.version)) {
    const { version, tag, commit: released } = before.event;
    const existing = { version, tag, commit: released };
    const withdrawal = withdrawals.get(version);
    if (withdrawal === undefined)
      return { ...existing, kind: 'existing', reasons: ['this file was released before'] };
    const again = 'train another one, or give this one a version of its own: "rastro release --version v…"';
    return { ...existing, kind: 'refused', reasons: [`this file was withdrawn (${withdrawal}); ${again}`] };
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
