import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TemporaryDirectory {
  readonly path: string;
  dispose(): Promise<void>;
}

/** A directory of its own below the system's temporary one, by its real path (macOS links `/tmp`). */
export async function temporaryDirectory(label = 'rastro'): Promise<TemporaryDirectory> {
  const path = await realpath(await mkdtemp(join(tmpdir(), `${label}-`)));
  return { path, dispose: () => rm(path, { recursive: true, force: true, maxRetries: 3 }) };
}
