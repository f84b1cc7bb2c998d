import { createHash } from 'node:crypto';
import { writeLock } from '@rastro/lineage';
import { writeRecord } from '@rastro/metrics';
import type { Files } from '@rastro/testkit';

/** What a model that is ready for release consists of, made up: enough for the registry, which runs no model. */
export interface MadeUp {
  readonly name: string;
  /** Bytes of the model file. */
  readonly bytes?: string;
  readonly auc?: number;
  readonly params?: Readonly<Record<string, number>>;
  readonly rows?: string;
}

export const digest = (content: string) => createHash('sha256').update(content).digest('hex');

const locked = (path: string, content: string) => ({
  path,
  sha256: digest(content),
  size: Buffer.byteLength(content),
});

const CONTRACT = 'name: rows\nfields:\n  - { name: x }\n  - { name: y }\n';

/** The files of a project with these models, each trained, evaluated and checked. */
export function releasable(models: readonly MadeUp[]): Files {
  const files: Record<string, string> = {
    'contracts/rows.yaml': CONTRACT,
    '.gitignore': '.rastro/\n',
    'rastro.yaml': [
      'version: 1',
      'data:',
      '  rows: { path: data/rows.csv, contract: contracts/rows.yaml }',
      'models:',
      ...models.flatMap(({ name }) => [
        `  ${name}:`,
        '    task: binary',
        '    target: y',
        '    train: { builtin: linear, data: rows }',
        '    evaluate: { data: rows, metrics: { roc_auc: {} } }',
        '    deploy: { prod: { target: local, port: 0 } }',
      ]),
      '',
    ].join('\n'),
  };
  for (const { name, bytes = `model ${name}`, auc = 0.9, params = {}, rows = 'x,y\n1,0\n2,1\n' } of models) {
    const data = locked('data/rows.csv', rows);
    files['data/rows.csv'] = rows;
    files[`models/${name}.onnx`] = bytes;
    files['rastro.lock/data/rows/validate.yaml'] = writeLock({
      schema: 'rastro/lock/v1',
      stage: 'validate',
      dataset: 'rows',
      contract: locked('contracts/rows.yaml', CONTRACT),
      files: [data],
      rows: 2,
      verdict: 'pass',
      errors: 0,
      warnings: 0,
    });
    files[`rastro.lock/${name}/train.yaml`] = writeLock({
      schema: 'rastro/lock/v1',
      stage: 'train',
      model: name,
      cmd: 'builtin linear',
      seed: 7,
      params,
      data: [data],
      deps: [],
      outs: [locked(`models/${name}.onnx`, bytes)],
      features: ['x'],
    });
    files[`metrics/${name}.json`] = writeRecord({
      schema: 'rastro/evaluation/v1',
      model: { name, sha256: digest(bytes), size: Buffer.byteLength(bytes) },
      data: { name: 'rows', files: [{ path: data.path, sha256: data.sha256 }], rows: 2 },
      evaluator: { name: 'rastro', version: '0.1.0', versions: {} },
      signature: {
        inputs: [{ name: 'x', type: 'float32', shape: [null, 1] }],
        outputs: [{ name: 'label', type: 'int64', shape: [null] }],
        opset: 15,
      },
      params,
      evaluation: {
        task: 'binary',
        rows: 2,
        seed: 0,
        resamples: 0,
        confidence: 0.95,
        interval: 'percentile',
        classes: ['0', '1'],
        positive: '1',
        metrics: { roc_auc: { value: auc, low: null, high: null, goal: 'max' } },
        slices: [],
      },
    });
  }
  return files;
}
