import type { ChainedEntry } from './chain.ts';
import type { EntryOf } from './entry.ts';
import { skipsOf } from './skips.ts';

/** A stage and who holds it, by the entry that put it there. */
export interface Holding {
  readonly version: string;
  readonly sha256: string;
  readonly seq: number;
  readonly since: string;
  /** The stage's tag that says so. */
  readonly tag: string;
}

export interface ModelState {
  /** Releases by version. */
  readonly releases: ReadonlyMap<string, EntryOf<'release'>>;
  /** Who holds each stage. */
  readonly stages: ReadonlyMap<string, Holding>;
  /** Every stage that a version holds or has held. */
  readonly held: ReadonlyMap<string, ReadonlySet<string>>;
  /** Versions that were withdrawn, by the entry that did: no later entry takes that back, nor does a tag that is gone. */
  readonly withdrawn: ReadonlyMap<string, EntryOf<'annotate'>>;
  /** The last successful deployment to each environment. */
  readonly deployed: ReadonlyMap<string, EntryOf<'deploy'>>;
}

/** Entries that count: what annotations took back is left out, and so are the annotations. */
export function standingEntries(entries: readonly ChainedEntry[]): ChainedEntry[] {
  const { skips } = skipsOf(entries);
  return entries.filter(({ entry }) => entry.kind !== 'annotate' && !skips.has(entry.seq));
}

/** Where a model stands after the given entries, in the order of the trail. */
export function modelState(entries: readonly ChainedEntry[], model: string): ModelState {
  const releases = new Map<string, EntryOf<'release'>>();
  const stages = new Map<string, Holding>();
  const held = new Map<string, Set<string>>();
  const deployed = new Map<string, EntryOf<'deploy'>>();
  for (const { entry } of standingEntries(entries)) {
    if (!('model' in entry.event) || entry.event.model !== model) continue;
    if (entry.kind === 'release') releases.set(entry.event.version, entry);
    if (entry.kind === 'deploy' && entry.event.outcome === 'success') {
      deployed.set(entry.event.environment, entry);
    }
    if (entry.kind === 'promote' || entry.kind === 'rollback') {
      const { version, sha256, stage, tag } = entry.event;
      stages.set(stage, { version, sha256, seq: entry.seq, since: entry.recordedAt, tag });
      held.set(version, (held.get(version) ?? new Set()).add(stage));
    }
  }
  return { releases, stages, held, withdrawn: withdrawnOf(entries, model), deployed };
}

function withdrawnOf(entries: readonly ChainedEntry[], model: string): Map<string, EntryOf<'annotate'>> {
  const withdrawn = new Map<string, EntryOf<'annotate'>>();
  for (const { entry } of entries) {
    if (entry.kind !== 'annotate' || entry.event.withdraws?.model !== model) continue;
    const { version } = entry.event.withdraws;
    if (version !== null && !withdrawn.has(version)) withdrawn.set(version, entry);
  }
  return withdrawn;
}
