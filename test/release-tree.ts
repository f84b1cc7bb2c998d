import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { temporaryDirectory } from '@rastro/testkit';
import { root } from './docs/action-files.ts';

export interface ReleaseTree {
  /** What the release script leaves: `tree/`, the archive, the checksums. */
  readonly out: string;
  /** What `uses: rastro-ml/rastro/actions/<verb>@<tag>` downloads. */
  readonly tree: string;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Makes the tree of a release, far from the workspace, from what is built. */
export async function makeReleaseTree(): Promise<ReleaseTree> {
  const { path: out, dispose } = await temporaryDirectory('rastro-release');
  const script = join(root, 'actions/_bundle/release.mjs');
  await promisify(execFile)(process.execPath, [script, '--dry-run', '--out', out]);
  return { out, tree: join(out, 'tree'), [Symbol.asyncDispose]: dispose };
}
