import { parseTagName, type RegistryTag } from './tag-name.ts';
import { compareVersions } from './version.ts';

/** An annotated tag as Git stores it. `taggedAt` in seconds since the epoch, `commit` the object it points at. */
export interface AnnotatedTag {
  readonly name: string;
  readonly objectId: string;
  readonly commit: string;
  readonly message: string;
  readonly taggedAt: number;
  readonly tagger: string;
}

/** One event of a model's history. `version` of a stage event is the version that the tagged commit stood for. */
export interface RegistryEvent {
  readonly tag: AnnotatedTag;
  readonly action: RegistryTag['action'];
  readonly model: string;
  readonly version: string | null;
  readonly stage: string | null;
}

/** A version of a model. One that was never registered (a stage was assigned to a bare commit) is named by its commit. */
export interface ModelVersion {
  readonly version: string;
  readonly commit: string;
  readonly registered: boolean;
  /** Registered and not deregistered since, or assigned without ever being registered. */
  readonly active: boolean;
  /** The tag object of the latest registration. */
  readonly tagObject: string | null;
  readonly registeredAt: number | null;
}

export interface RegisteredModel {
  readonly name: string;
  /** In registration order. */
  readonly versions: readonly ModelVersion[];
  /** Who holds each stage now. A stage that nobody holds is left out. */
  readonly stages: ReadonlyMap<string, string>;
  /** False once the model is deprecated and nothing happened to it since. */
  readonly active: boolean;
  /** Oldest first. */
  readonly events: readonly RegistryEvent[];
  /** The counter that the model's next counted tag takes. */
  readonly nextCounter: number;
}

export type Registry = ReadonlyMap<string, RegisteredModel>;

interface ReadTag {
  readonly tag: AnnotatedTag;
  readonly meaning: RegistryTag;
}

/** Creation, registration and assignment in one second have happened in this order. */
const ORDER_IN_ONE_SECOND: Record<RegistryTag['action'], number> = {
  create: 1,
  deprecate: 2,
  register: 3,
  deregister: 4,
  assign: 5,
  unassign: 6,
};

/**
 * The state that annotated tags describe. Tags outside the grammar are other people's and are left alone. Time is the
 * tagger's, in whole seconds; within one second counters decide, then what must have come first, then the name.
 */
export function registryState(tags: readonly AnnotatedTag[]): Registry {
  const read = tags.flatMap((tag) => {
    const meaning = parseTagName(tag.name);
    return meaning ? [{ tag, meaning }] : [];
  });
  const byModel = Map.groupBy(read, ({ meaning }) => meaning.model);
  const names = [...byModel.keys()].sort();
  return new Map(names.map((name) => [name, modelState(name, inTime(byModel.get(name) ?? []))]));
}

function inTime(tags: readonly ReadTag[]): ReadTag[] {
  const seconds = Map.groupBy(tags, ({ tag }) => tag.taggedAt);
  return [...seconds].sort(([a], [b]) => a - b).flatMap(([, together]) => inOneSecond(together));
}

/**
 * Tags with counters come in the order of these, and each tag without one before the first of them that it must precede. Comparing
 * any two by whatever both have would give circles: the order would depend on the one in which the tags were read.
 */
function inOneSecond(tags: readonly ReadTag[]): ReadTag[] {
  const counted = tags
    .filter(({ meaning }) => meaning.counter !== undefined)
    .sort((a, b) => a.meaning.counter! - b.meaning.counter! || byKind(a, b));
  const uncounted = tags.filter(({ meaning }) => meaning.counter === undefined).sort(byKind);
  let at = 0;
  const together = counted.flatMap((tag) => {
    const start = at;
    while (at < uncounted.length && byKind(uncounted[at]!, tag) < 0) at++;
    return [...uncounted.slice(start, at), tag];
  });
  return [...together, ...uncounted.slice(at)];
}

function byKind(a: ReadTag, b: ReadTag): number {
  const order = ORDER_IN_ONE_SECOND[a.meaning.action] - ORDER_IN_ONE_SECOND[b.meaning.action];
  return order || (a.tag.name < b.tag.name ? -1 : 1);
}

function modelState(name: string, tags: readonly ReadTag[]): RegisteredModel {
  const registrations = tags.filter(({ meaning }) => meaning.action === 'register');
  const events = tags.map((tag) => eventOf(tag, registrations, tags));
  return {
    name,
    versions: versionsOf(events),
    stages: holders(events),
    active: events.at(-1)?.action !== 'deprecate',
    events,
    // One that is too large to be counted on from would give its own name again.
    nextCounter: 1 + Math.max(0, ...tags.map(({ meaning }) => meaning.counter ?? 0).filter(isCountable)),
  };
}

const isCountable = (counter: number) => Number.isSafeInteger(counter + 1);

function eventOf(
  { tag, meaning }: ReadTag,
  registrations: readonly ReadTag[],
  all: readonly ReadTag[],
): RegistryEvent {
  const { action, model } = meaning;
  if ('version' in meaning) return { tag, action, model, version: meaning.version, stage: null };
  if ('stage' in meaning) {
    return { tag, action, model, version: versionAt(tag, registrations, all), stage: meaning.stage };
  }
  return { tag, action, model, version: null, stage: null };
}

const VERSION_TRAILER = 'Rastro-Version';

/** The line that names a version in a stage tag's message, for commits that carry more than one. */
export function versionTrailer(version: string): string {
  return `${VERSION_TRAILER}: ${version}`;
}

/**
 * The version that a stage tag speaks of: the one that its message names, else the one registered on its commit.
 * Of several, the last that was registered before the tag and still stands; a commit with none stands for itself.
 */
function versionAt(tag: AnnotatedTag, registrations: readonly ReadTag[], all: readonly ReadTag[]): string {
  const here = registrations.filter((candidate) => candidate.tag.commit === tag.commit);
  const versions = here.flatMap(({ meaning }) => ('version' in meaning ? [meaning.version] : []));
  const named = tag.message
    .split('\n')
    .find((line) => line.startsWith(`${VERSION_TRAILER}: `))
    ?.slice(VERSION_TRAILER.length + 2)
    .trim();
  if (named !== undefined && versions.includes(named)) return named;
  if (versions.length <= 1) return versions[0] ?? tag.commit;
  const before = all.slice(
    0,
    all.findIndex((candidate) => candidate.tag === tag),
  );
  const standing = new Map<string, boolean>();
  for (const { meaning } of before) {
    if (!('version' in meaning) || !versions.includes(meaning.version)) continue;
    standing.delete(meaning.version);
    standing.set(meaning.version, meaning.action === 'register');
  }
  const latest = [...standing].filter(([, stands]) => stands).at(-1) ?? [...standing].at(-1);
  return latest?.[0] ?? versions[0] ?? tag.commit;
}

function versionsOf(events: readonly RegistryEvent[]): ModelVersion[] {
  const versions = new Map<string, ModelVersion>();
  for (const { action, version, tag } of events) {
    if (version === null) continue;
    const known = versions.get(version);
    if (action === 'register') {
      versions.set(version, {
        version,
        commit: tag.commit,
        registered: true,
        active: true,
        tagObject: tag.objectId,
        registeredAt: tag.taggedAt,
      });
    } else if (action === 'deregister') {
      if (known) versions.set(version, { ...known, active: false });
    } else if (!known) {
      versions.set(version, {
        version,
        commit: tag.commit,
        registered: false,
        active: true,
        tagObject: null,
        registeredAt: null,
      });
    }
  }
  return [...versions.values()];
}

/**
 * A version keeps a stage until it is unassigned, and the one assigned last is the stage's holder: unassigning it gives
 * the stage back to the one before. A deregistered version holds nothing.
 */
function holders(events: readonly RegistryEvent[]): Map<string, string> {
  const isActive = activity(events);
  const held = [...assignments(events)].flatMap(([stage, versions]): [string, string][] => {
    const last = versions.findLast(isActive);
    return last === undefined ? [] : [[stage, last]];
  });
  return new Map(held.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Every stage with the versions that were given it and keep it, in the order in which they were. */
function assignments(events: readonly RegistryEvent[]): Map<string, string[]> {
  const assigned = new Map<string, string[]>();
  for (const { action, stage, version } of events) {
    if (stage === null || version === null) continue;
    const others = (assigned.get(stage) ?? []).filter((other) => other !== version);
    assigned.set(stage, action === 'assign' ? [...others, version] : others);
  }
  return assigned;
}

function activity(events: readonly RegistryEvent[]): (version: string) => boolean {
  const active = new Set(versionsOf(events).flatMap(({ version, active }) => (active ? [version] : [])));
  return (version) => active.has(version);
}

/** Stages whose last holder was deregistered while it held them: whoever serves the stage may still serve that version. */
export function stagesOfWithdrawn({ events }: RegisteredModel): { stage: string; version: string }[] {
  const isActive = activity(events);
  return [...assignments(events)].flatMap(([stage, versions]) => {
    const last = versions.at(-1);
    return last === undefined || isActive(last) ? [] : [{ stage, version: last }];
  });
}

/** The highest version that is registered and stands; undefined when there is none. */
export function latestVersion(model: RegisteredModel): ModelVersion | undefined {
  return model.versions
    .filter((version) => version.registered && version.active)
    .sort((a, b) => compareVersions(b.version, a.version))[0];
}
