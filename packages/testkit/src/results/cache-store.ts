import type { BlobStore } from './blob-store.ts';

/** An entry of the cache: a compressed archive, final once it is there. */
export interface StoredCacheEntry {
  /** Also the number of its blob. */
  readonly id: number;
  readonly key: string;
  /** What the client says of paths and compression; entries of another version are not seen. */
  readonly version: string;
  /** The ref whose runs made it: those of other refs see it only when it is their base or the default branch. */
  readonly scope: string;
  readonly bytes: Buffer;
}

/** A scope that a job's token opens, for reading, for writing (2), or both (3). */
export interface CacheAccess {
  readonly Scope: string;
  readonly Permission: number;
}

export interface CacheStore {
  readonly all: readonly StoredCacheEntry[];
  /** The blob to upload to; undefined when the scope has the entry already, or the token opens none for writing. */
  begin(access: readonly CacheAccess[], entry: { key: string; version: string }): number | undefined;
  /** Undefined when nothing was uploaded, or another run was faster. */
  finish(
    access: readonly CacheAccess[],
    entry: { key: string; version: string },
  ): StoredCacheEntry | undefined;
  /** The entry of that key, or the newest that begins with one of the others, in the order of the scopes. */
  find(
    access: readonly CacheAccess[],
    wanted: { key: string; restoreKeys: readonly string[]; version: string },
  ): StoredCacheEntry | undefined;
}

const READ = 1;
const WRITE = 2;

export function cacheStore(blobs: BlobStore): CacheStore {
  const all: StoredCacheEntry[] = [];
  const uploads: Omit<StoredCacheEntry, 'bytes'>[] = [];
  const scopes = (access: readonly CacheAccess[], permission: number) =>
    access.filter(({ Permission }) => (Permission & permission) !== 0).map(({ Scope }) => Scope);
  const isOf = (scope: string | undefined, wanted: { key: string; version: string }) => {
    return (entry: Omit<StoredCacheEntry, 'bytes'>) =>
      entry.scope === scope && entry.key === wanted.key && entry.version === wanted.version;
  };
  return {
    all,
    begin(access, { key, version }) {
      const [scope] = scopes(access, WRITE);
      if (scope === undefined || all.some(isOf(scope, { key, version }))) return undefined;
      const id = blobs.create();
      uploads.push({ id, key, version, scope });
      return id;
    },
    finish(access, wanted) {
      const upload = uploads.findLast(isOf(scopes(access, WRITE)[0], wanted));
      const bytes = upload && blobs.read(upload.id);
      if (!bytes || all.some(isOf(upload.scope, wanted))) return undefined;
      const entry = { ...upload, bytes };
      all.push(entry);
      return entry;
    },
    find(access, { key, restoreKeys, version }) {
      for (const scope of scopes(access, READ)) {
        const there = all.filter((entry) => entry.scope === scope && entry.version === version);
        const found =
          there.find((entry) => entry.key === key) ??
          restoreKeys
            .map((start) => there.findLast((entry) => entry.key.startsWith(start)))
            .find((entry) => entry !== undefined);
        if (found) return found;
      }
      return undefined;
    },
  };
}
