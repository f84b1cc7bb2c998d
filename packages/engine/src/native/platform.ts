import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import process from 'node:process';

/** This machine as the manifest names it: `linux-x64`, or `linux-x64-musl` where the C library is musl. */
export function currentPlatform(): string {
  const key = `${process.platform}-${process.arch}`;
  return process.platform === 'linux' && !hasGlibc() ? `${key}-musl` : key;
}

/**
 * Where native modules are kept: the runner's tool cache, else the user's cache folder. A tool cache that is not an
 * absolute path would be inside whatever repository is checked out, and is not trusted.
 */
export function cacheFolder(environment: NodeJS.ProcessEnv): string {
  const toolCache = environment.RUNNER_TOOL_CACHE;
  if (toolCache && isAbsolute(toolCache)) return toolCache;
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'rastro');
  const user = environment[process.platform === 'win32' ? 'LOCALAPPDATA' : 'XDG_CACHE_HOME'];
  return join(user && isAbsolute(user) ? user : join(homedir(), '.cache'), 'rastro');
}

function hasGlibc(): boolean {
  // Without this a report may wait for the names of network peers.
  Object.assign(process.report, { excludeNetwork: true });
  const { header } = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return header?.glibcVersionRuntime !== undefined;
}
