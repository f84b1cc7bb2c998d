import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { InputError } from '@rastro/fault';
import { fetchPackage } from './fetch-package.ts';
import type { NativeModule, NativePart } from './manifest.ts';
import { unpack } from './unpack.ts';

export interface InstallRequest {
  readonly name: string;
  readonly module: NativeModule;
  readonly platform: string;
  /** An absolute path that may be shared with other tools and other processes. */
  readonly cache: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Called when something must be downloaded. */
  readonly onFetch?: () => void;
}

/** Written last, inside the folder: it names what the folder was made of. */
const marker = '.complete';
const stagingPrefix = '.staging-';
const staleAfterMilliseconds = 6 * 60 * 60 * 1000;

/**
 * The folder `<cache>/<name>/<version>/<platform>` whose `node_modules` holds a native module, fetched when it is not
 * there yet. Installs may run at once and may be killed: the folder appears whole, by a rename, or not at all.
 * @throws InputError `native-unsupported-platform`, `npm-missing`
 * @throws OutsideError see {@link fetchPackage} and {@link unpack}
 */
export async function install(request: InstallRequest): Promise<string> {
  const { name, module, platform, cache } = request;
  const parts = module.platforms[platform];
  if (!parts) {
    throw new InputError({
      code: 'native-unsupported-platform',
      message: `${name} ${module.version} is not available for ${platform}`,
      next: `Run this step on one of ${Object.keys(module.platforms).join(', ')}.`,
    });
  }
  const folder = join(cache, ...name.split('/'), module.version, platform);
  if (await isComplete(folder, parts)) return folder;

  request.onFetch?.();
  const shelf = dirname(folder);
  await mkdir(shelf, { recursive: true });
  await removeStale(shelf);
  // Beside its place, so that the rename stays on one device.
  const staging = await mkdtemp(join(shelf, stagingPrefix));
  try {
    const fresh = join(staging, 'fresh');
    for (const part of parts) {
      const archive = await fetchPackage(part, join(staging, 'archives', part.name), request.environment);
      await unpack(archive, join(fresh, 'node_modules', ...part.name.split('/')), part.only);
      await rm(archive);
    }
    await writeFile(join(fresh, marker), contents(parts));
    await publish(fresh, { folder, parts, aside: join(staging, 'old') });
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
  return folder;
}

/** Moves `fresh` to its place, unless another install was faster; what is there but not whole is moved aside. */
async function publish(
  fresh: string,
  { folder, parts, aside }: { folder: string; parts: readonly NativePart[]; aside: string },
): Promise<void> {
  try {
    return await rename(fresh, folder);
  } catch (error) {
    if (await isComplete(folder, parts)) return;
    await rename(folder, aside).catch(() => {
      throw error;
    });
  }
  await rename(fresh, folder).catch(async (error: unknown) => {
    if (!(await isComplete(folder, parts))) throw error;
  });
}

async function isComplete(folder: string, parts: readonly NativePart[]): Promise<boolean> {
  const found = await readFile(join(folder, marker), 'utf8').catch(unlessMissing);
  return found === contents(parts);
}

function contents(parts: readonly NativePart[]): string {
  return parts.map(({ name, version, integrity }) => `${name}@${version} ${integrity}\n`).join('');
}

/** Removes what installs that were killed left behind; a younger folder may belong to one that is still running. */
async function removeStale(shelf: string): Promise<void> {
  for (const name of await readdir(shelf)) {
    if (!name.startsWith(stagingPrefix)) continue;
    const path = join(shelf, name);
    const found = await stat(path).catch(unlessMissing);
    if (found && Date.now() - found.mtimeMs > staleAfterMilliseconds) {
      await rm(path, { recursive: true, force: true });
    }
  }
}

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error;
}
