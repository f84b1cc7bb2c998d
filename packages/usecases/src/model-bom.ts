import type { ReleasedVersion } from './released-version.ts';

/**
 * The version as a CycloneDX 1.6 ML-BOM (https://cyclonedx.org/docs/1.6/json/): the model with its card, the files of data that
 * it was trained and judged on, and the programs that judged it. Its serial number follows from what it describes.
 */
export function modelBom(released: ReleasedVersion, sha256: (text: string) => string): string {
  const { model, version, releasedAt, evidence, slug, rastro, tag, commit } = released;
  const { record, lock } = evidence;
  const data = dataComponents(released);
  const programs = Object.entries(record.evaluator.versions).map(([name, each]) => ({
    type: 'library',
    'bom-ref': `program:${name}@${each}`,
    name,
    version: each,
    purl: `pkg:npm/${name.startsWith('@') ? `%40${name.slice(1)}` : name}@${each}`,
    scope: 'excluded',
  }));
  const self = `model:${tag}`;
  const bom = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${uuidOf(sha256(`${tag}\n${commit}\n${evidence.sha256}`))}`,
    version: 1,
    metadata: {
      timestamp: releasedAt,
      tools: { components: [{ type: 'application', name: 'rastro', version: rastro }] },
      component: {
        type: 'machine-learning-model',
        'bom-ref': self,
        name: model.name,
        version,
        ...(model.config.description ? { description: model.config.description } : {}),
        hashes: [{ alg: 'SHA-256', content: evidence.sha256 }],
        ...(slug
          ? { externalReferences: [{ type: 'vcs', url: `https://github.com/${slug}`, comment: commit }] }
          : {}),
        modelCard: modelCardOf(released, data),
        properties: [
          { name: 'rastro:tag', value: tag },
          { name: 'rastro:commit', value: commit },
          { name: 'rastro:evaluation-record:sha256', value: evidence.recordSha256 },
          ...(lock ? [{ name: 'rastro:seed', value: String(lock.seed) }] : []),
          ...Object.entries(lock?.params ?? {}).map(([name, value]) => ({
            name: `rastro:param:${name}`,
            value: String(value),
          })),
        ],
      },
    },
    components: [...data.map(({ purpose: _, ...component }) => component), ...programs],
    dependencies: [
      {
        ref: self,
        dependsOn: data.filter(({ purpose }) => purpose === 'train').map((each) => each['bom-ref']),
      },
    ],
  };
  return `${JSON.stringify(bom, null, 2)}\n`;
}

/** Files that the model was trained on, and those that it was judged on; one that is both is told once, as trained on. */
function dataComponents({ evidence, model }: ReleasedVersion) {
  const { lock, record } = evidence;
  const trained = (lock?.data ?? []).map((file) => ({ ...file, purpose: 'train' as const }));
  const known = new Set(trained.map(({ path, sha256 }) => `${path}\n${sha256}`));
  const judged = record.data.files
    .filter(({ path, sha256 }) => !known.has(`${path}\n${sha256}`))
    .map((file) => ({ ...file, purpose: 'evaluate' as const }));
  return [...trained, ...judged].map(({ path, sha256, purpose }) => ({
    purpose,
    type: 'data',
    'bom-ref': `data:${path}:${sha256}`,
    name: path,
    version: sha256.slice(0, 12),
    hashes: [{ alg: 'SHA-256', content: sha256 }],
    data: [
      {
        type: 'dataset',
        name: path,
        description:
          purpose === 'train' ? `${model.name} was trained on it.` : `${model.name} was judged on it.`,
      },
    ],
  }));
}

function modelCardOf({ evidence, model }: ReleasedVersion, data: ReturnType<typeof dataComponents>) {
  const { record, lock } = evidence;
  const { evaluation, signature } = record;
  const tensor = ({ name, type, shape }: { name: string; type: string; shape: readonly unknown[] }) => ({
    format: `${name}: ${type}[${shape.map((size) => size ?? '?').join(', ')}]`,
  });
  const measured = (metrics: typeof evaluation.metrics, slice?: string) =>
    Object.entries(metrics).flatMap(([type, { value, low, high }]) =>
      value === null
        ? []
        : [
            {
              type,
              value: String(value),
              ...(slice === undefined ? {} : { slice }),
              ...(low === null || high === null
                ? {}
                : { confidenceInterval: { lowerBound: String(low), upperBound: String(high) } }),
            },
          ],
    );
  return {
    modelParameters: {
      approach: { type: 'supervised' },
      task: evaluation.task,
      ...(lock ? { modelArchitecture: lock.cmd } : {}),
      datasets: data.map((each) => ({ ref: each['bom-ref'] })),
      ...(signature ? { inputs: signature.inputs.map(tensor), outputs: signature.outputs.map(tensor) } : {}),
    },
    quantitativeAnalysis: {
      performanceMetrics: [
        ...measured(evaluation.metrics),
        ...evaluation.slices
          .filter(({ judged }) => judged)
          .flatMap(({ column, value, metrics }) => measured(metrics, `${column}=${value}`)),
      ],
    },
    ...(model.config.description ? { considerations: { useCases: [model.config.description] } } : {}),
  };
}

/** A UUID of version 8 (RFC 9562: content of our own) from a digest. */
function uuidOf(digest: string): string {
  const variant = ((Number.parseInt(digest[16]!, 16) & 0x3) | 0x8).toString(16);
  return [
    digest.slice(0, 8),
    digest.slice(8, 12),
    `8${digest.slice(13, 16)}`,
    `${variant}${digest.slice(17, 20)}`,
    digest.slice(20, 32),
  ].join('-');
}
