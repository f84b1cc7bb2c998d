import { fault, InputError, OutsideError, place } from '@rastro/fault';
import type { Ports, Workspace } from './ports/index.ts';

/** A released model file by what it is, and the places where it may be found. */
export interface ReleasedModel {
  readonly model: string;
  readonly version: string;
  readonly tag: string;
  readonly sha256: string;
  readonly commit: string;
  /** Where the model file is in the repository. */
  readonly file: string;
}

/** Name of a model's file among the assets of its release. */
export function modelAssetName(model: string): string {
  return `${model.replaceAll('/', '-')}.onnx`;
}

/**
 * Finds the bytes of a released model: in the workspace, in the tagged commit, or among the release's assets. Whatever is
 * found is held to the digest. Returns an absolute path.
 * @throws InputError when they are nowhere; OutsideError when the release's asset is not the released file.
 */
export async function releasedFile(
  released: ReleasedModel,
  { workspace, repository, forge, context }: Pick<Ports, 'workspace' | 'repository' | 'forge' | 'context'>,
): Promise<string> {
  const { sha256, file } = released;
  if ((await workspace.digest(file))?.sha256 === sha256) return workspace.absolute(file);
  const cached = `.rastro/models/${sha256}.onnx`;
  if ((await workspace.digest(cached))?.sha256 === sha256) return workspace.absolute(cached);

  const committed = await (await repository()).readFile(released.commit, file);
  if (committed) {
    await workspace.write(cached, committed);
    if ((await workspace.digest(cached))?.sha256 === sha256) return workspace.absolute(cached);
  }
  if (context.slug) {
    await workspace.ensureFolder(cached);
    const found = await (await forge()).downloadAsset({
      tag: released.tag,
      name: modelAssetName(released.model),
      to: workspace.absolute(cached),
    });
    if (found) return verified(workspace, cached, released);
  }
  await workspace.remove(cached);
  throw new InputError(
    fault(
      'model-not-found',
      `the file of ${released.model} ${released.version} (sha256 ${sha256.slice(0, 12)}) is neither in the workspace, nor in its commit, nor among its release's assets`,
      place(file),
      'Fetch the file, or run the release again to upload it.',
    ),
  );
}

async function verified(
  workspace: Workspace,
  cached: string,
  { tag, sha256 }: ReleasedModel,
): Promise<string> {
  const found = (await workspace.digest(cached))?.sha256;
  if (found === sha256) return workspace.absolute(cached);
  await workspace.remove(cached);
  throw new OutsideError(
    fault(
      'asset-changed',
      `the model among the assets of release ${tag} has sha256 ${found}, and ${sha256} was released`,
      undefined,
      'Find out who replaced the asset.',
    ),
  );
}
