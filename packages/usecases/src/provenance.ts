import { modelAssetName } from './model-bytes.ts';
import type { ReleasedVersion } from './released-version.ts';

/**
 * What made the released file, as an in-toto Statement v1 with SLSA provenance v1 (https://slsa.dev/spec/v1.0/provenance): the
 * command, its parameters, and every file that it read, by digest. It states what the lock of the training recorded; the time
 * and the machine of the training are not in it, as the lock does not have them. Undefined when there is no lock.
 */
export function provenance(released: ReleasedVersion): string | undefined {
  const { model, commit, evidence, slug, rastro } = released;
  const { lock } = evidence;
  if (!lock) return undefined;
  const builtin = lock.cmd.startsWith('builtin ');
  const file = ({ path, sha256 }: { path: string; sha256: string }) => ({ name: path, digest: { sha256 } });
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: modelAssetName(model.name), digest: { sha256: evidence.sha256 } }],
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType: 'https://github.com/rastro-ml/rastro/train/v1',
        externalParameters: {
          model: model.name,
          ...(builtin ? { builtin: lock.cmd.slice('builtin '.length) } : { command: lock.cmd }),
          params: lock.params,
          seed: lock.seed,
        },
        internalParameters: { ...(lock.features ? { features: lock.features } : {}) },
        resolvedDependencies: [
          {
            ...(slug ? { uri: `git+https://github.com/${slug}@${commit}` } : { name: 'source' }),
            digest: { gitCommit: commit },
          },
          ...lock.data.map(file),
          ...lock.deps.map(file),
        ],
      },
      runDetails: {
        builder: { id: `https://github.com/rastro-ml/rastro@v${rastro}` },
        byproducts: [{ name: 'metrics.json', digest: { sha256: evidence.recordSha256 } }],
      },
    },
  };
  return `${JSON.stringify(statement, null, 2)}\n`;
}
