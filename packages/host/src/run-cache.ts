import { relative } from 'node:path';
import { warning } from '@actions/core';
import type { RunCache } from '@rastro/usecases';

/**
 * The cache of GitHub Actions, when the runner has one. Its client is loaded at first use only; it logs what fails and goes on.
 * @param options.root Absolute path of the workspace that folders are relative to.
 */
export async function runCache(options: {
  root: string;
  env: Readonly<Record<string, string | undefined>>;
}): Promise<RunCache | undefined> {
  const { root, env } = options;
  if (!env.ACTIONS_RUNTIME_TOKEN) return undefined;
  const { isFeatureAvailable, restoreCache, saveCache } = await import('@actions/cache');
  if (!isFeatureAvailable()) return undefined;
  // The client counts from the workspace of the job; where an entry was made is part of what it is found by.
  const place = (folder: string) => {
    const within = relative(env.GITHUB_WORKSPACE ?? process.cwd(), root).replaceAll('\\', '/');
    return within === '' ? folder : `${within}/${folder}`;
  };
  // Another kind of machine may compute other bytes.
  const named = (key: string) => `rastro-${process.platform}-${process.arch}-${key}`;
  return {
    restore: async (key, folder) => (await restoreCache([place(folder)], named(key))) === named(key),
    async keep(key, folder) {
      try {
        await saveCache([place(folder)], named(key));
      } catch (error) {
        warning(`Nothing was kept in the cache: ${error instanceof Error ? error.message : String(error)}`);
      }
    },
  };
}
