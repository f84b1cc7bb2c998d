import { trainLockPath } from '@rastro/lineage';
import { type Report, renderHtml } from '@rastro/report';
import { encodeEnvelope, fingerprint, preAuthenticationEncoding } from '@rastro/trail';
import { recordPath } from './evaluate.ts';
import { modelBom } from './model-bom.ts';
import { modelAssetName } from './model-bytes.ts';
import { modelCard } from './model-card.ts';
import type { Ports } from './ports/index.ts';
import { provenance } from './provenance.ts';
import type { ReleasedVersion } from './released-version.ts';

/** What a release carries, by path in the workspace. */
export interface ReleaseFiles {
  readonly assets: readonly { readonly name: string; readonly path: string; readonly contentType: string }[];
  readonly bom: string;
  readonly card: string;
  /** Undefined when what made the model is not recorded. */
  readonly provenance: string | undefined;
}

/** Writes the documents of a release under `.rastro/release` and names all its assets. */
export async function writeReleaseFiles(
  released: ReleasedVersion,
  report: Report,
  { workspace, sha256, context, crypto }: Pick<Ports, 'workspace' | 'sha256' | 'context' | 'crypto'>,
): Promise<ReleaseFiles> {
  const { model, tag, commit, evidence } = released;
  const folder = `.rastro/release/${tag.replaceAll('/', '-')}`;
  await workspace.write('.rastro/.gitignore', '*\n');
  const made: ReleaseFiles['assets'][number][] = [];
  const add = async (name: string, contentType: string, content: string) => {
    const path = `${folder}/${name}`;
    await workspace.write(path, content);
    made.push({ name, path, contentType });
    return path;
  };
  await add('report.html', 'text/html', renderHtml([report], { title: tag, generatedFrom: commit }));
  const card = await add('model-card.md', 'text/markdown', modelCard(released));
  const bom = await add('bom.cdx.json', 'application/vnd.cyclonedx+json', modelBom(released, sha256));
  const statement = provenance(released);
  const stated =
    statement === undefined
      ? undefined
      : await add('provenance.json', 'application/vnd.in-toto+json', statement);
  if (statement !== undefined && context.signer) {
    const payload = new TextEncoder().encode(statement);
    const { key, signature } = await context.signer.sign(preAuthenticationEncoding(payload));
    const signatures = [{ keyid: fingerprint(key, crypto), sig: signature }];
    await add('provenance.dsse.json', 'application/vnd.dsse+json', encodeEnvelope({ payload, signatures }));
  }
  const kept = [
    { name: modelAssetName(model.name), path: model.file, contentType: 'application/octet-stream' },
    { name: 'metrics.json', path: recordPath(model.name), contentType: 'application/json' },
    ...(evidence.lock
      ? [{ name: 'train.lock.yaml', path: trainLockPath(model.name), contentType: 'application/yaml' }]
      : []),
    ...evidence.checks.map(({ contract, dataset }) => ({
      name: `contract-${dataset.replaceAll('/', '-')}.yaml`,
      path: contract.path,
      contentType: 'application/yaml',
    })),
  ];
  return { assets: [...kept, ...made], bom, card, provenance: stated };
}
