import { explain, fault, InputError, place } from '@rastro/fault';
import { PROJECT_FILE } from '@rastro/lineage';
import type { Text } from '@rastro/report';
import { grouped } from '@rastro/report';
import { stringify } from 'yaml';
import { z } from 'zod';
import { datasetName, inferredContract } from './contract-infer.ts';
import type { Outcome } from './outcome.ts';
import type { Ports, Workspace } from './ports/index.ts';
import { count, report, table } from './report.ts';

export const InitRequest = z.strictObject({
  force: z.boolean().default(false).describe('Write over files that are there.'),
});
export type InitRequest = z.output<typeof InitRequest>;

export interface InitRecord {
  /** Files that were written. */
  readonly written: readonly string[];
  readonly datasets: readonly { name: string; path: string; contract: string; rows: number }[];
  /** Data that no contract could be inferred from, and why. */
  readonly skipped: readonly { path: string; reason: string }[];
}

const WORKFLOW = '.github/workflows/rastro.yml';
const TEXTS = ['**/*.csv', '**/*.tsv', '**/*.jsonl', '**/*.ndjson'];
const DATA = [...TEXTS, ...TEXTS.map((glob) => `${glob}.gz`), '**/*.parquet'];
/** A repository with more datasets than this has data of tests, or of many things. */
const MOST_DATASETS = 20;

/**
 * Looks at a repository and writes what it needs to begin with: a contract for each dataset, rastro.yaml, a workflow.
 * @throws InputError when there is no data, or a file would be written over; then nothing is written.
 */
export async function init(
  { force }: InitRequest,
  { workspace, data, progress }: Pick<Ports, 'workspace' | 'data' | 'progress'>,
): Promise<Outcome<InitRecord>> {
  const groups = await datasetsIn(workspace);
  if (!force)
    await refuseKnown(workspace, [PROJECT_FILE, WORKFLOW, ...groups.map(({ contract }) => contract)]);
  const engine = await data();
  const datasets: (Dataset & { rows: number; text: string })[] = [];
  const skipped: InitRecord['skipped'][number][] = [];
  for (const dataset of groups) {
    progress.step(`${dataset.name}: measuring ${count(dataset.paths.length, 'file')}`);
    const { name, path, paths } = dataset;
    try {
      const { rows, text } = await inferredContract({ name, globs: [path], paths }, { workspace, engine });
      datasets.push({ ...dataset, rows, text });
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      const { message } = explain(error).faults[0]!;
      skipped.push({ path, reason: message.replaceAll(`${workspace.root}/`, '') });
    }
  }
  if (datasets.length === 0) throw noData(skipped);
  const files = [
    ...datasets.map(({ contract, text }) => ({ path: contract, text })),
    { path: PROJECT_FILE, text: projectText(datasets, await modelsIn(workspace)) },
    { path: WORKFLOW, text: workflowText(await usesLfs(workspace)) },
  ];
  for (const { path, text } of files) await workspace.write(path, text);
  const record: InitRecord = {
    written: files.map(({ path }) => path),
    datasets: datasets.map(({ name, path, contract, rows }) => ({ name, path, contract, rows })),
    skipped,
  };
  return { status: 'pass', reports: [describe(record)], record };
}

interface Dataset {
  readonly name: string;
  /** A file, or a glob of files whose names differ in digits only. */
  readonly path: string;
  readonly paths: readonly string[];
  readonly contract: string;
}

async function datasetsIn(workspace: Workspace): Promise<Dataset[]> {
  const files = (await workspace.list(DATA)).filter(
    (path) =>
      !path.split('/').some((part) => part.startsWith('.') || /^(venv|env|site-packages)$/.test(part)),
  );
  const groups = new Map<string, string[]>();
  for (const path of files) {
    const folder = path.slice(0, path.lastIndexOf('/') + 1);
    const glob = `${folder}${path.slice(folder.length).replace(/\d+(?:[-_.]\d+)*(?=.*\.)/g, '*')}`;
    groups.set(glob, [...(groups.get(glob) ?? []), path]);
  }
  if (groups.size > MOST_DATASETS) throw tooMany(groups.size);
  const taken = new Set<string>();
  return [...groups].map(([glob, paths]) => {
    const path = paths.length > 1 ? glob : paths[0]!;
    const name = freeName(path, taken);
    taken.add(name);
    return { name, path, paths, contract: `contracts/${name}.yaml` };
  });
}

/** The name of the file; of its folder where that has only digits, and of both where another dataset has the name. */
function freeName(path: string, taken: ReadonlySet<string>): string {
  const parts = path.replaceAll('*', '').split('/');
  const bare = datasetName(parts.at(-1)!.replace(/^[-_.]+(?=\.\w+(\.gz)?$)/, ''));
  const isBare = bare === 'data' || bare === '' || /^(csv|tsv|jsonl|ndjson|parquet)$/.test(bare);
  const own = isBare && parts.length > 1 ? datasetName(parts.at(-2)!) : bare;
  if (!taken.has(own)) return own;
  const whole = datasetName(parts.join('-'));
  if (!taken.has(whole)) return whole;
  let number = 2;
  while (taken.has(`${whole}-${number}`)) number++;
  return `${whole}-${number}`;
}

async function modelsIn(workspace: Workspace): Promise<string[]> {
  return (await workspace.list(['**/*.onnx'])).filter((path) => !path.startsWith('.'));
}

async function usesLfs(workspace: Workspace): Promise<boolean> {
  return /filter=lfs/.test((await workspace.readText('.gitattributes')) ?? '');
}

async function refuseKnown(workspace: Workspace, paths: readonly string[]): Promise<void> {
  const known: string[] = [];
  for (const path of paths) if ((await workspace.stamp(path)) !== undefined) known.push(path);
  if (known.length === 0) return;
  throw new InputError(
    known.map((path) =>
      fault('already-there', `${path} is there already`, place(path), 'Give --force to write over it.'),
    ),
  );
}

function tooMany(found: number): InputError {
  return new InputError(
    fault(
      'many-datasets',
      `there are ${found} datasets here, more than the ${MOST_DATASETS} that are set up at once`,
      undefined,
      'Begin with those that matter: rastro contract infer <file>.',
    ),
  );
}

function noData(skipped: InitRecord['skipped']): InputError {
  return new InputError(
    fault(
      'no-data',
      skipped.length === 0
        ? 'there is no data in this repository'
        : `no data here can be read: ${skipped.map(({ path, reason }) => `${path}: ${reason}`).join('; ')}`,
      undefined,
      'Put a CSV, TSV, JSON Lines or Parquet file into it.',
    ),
  );
}

function projectText(datasets: readonly Dataset[], models: readonly string[]): string {
  const data = Object.fromEntries(datasets.map(({ name, path, contract }) => [name, { path, contract }]));
  const first = datasets[0]!.name;
  const file = models[0] ?? 'models/model.onnx';
  return `${stringify({ version: 1, data }, { lineWidth: 0 })}
# A model: what it answers, the column with the truth, and how it is judged.
# models:
#   ${datasetName(file)}:
#     task: binary # or multiclass, regression
#     model: ${file}
#     target: <column with the truth>
#     evaluate:
#       data: ${first}
`;
}

function workflowText(lfs: boolean): string {
  return `# Holds the data of every pull request to its contracts. Only breaches that the pull request brings fail it.
name: Rastro

on:
  pull_request:

permissions: {}

concurrency:
  group: rastro-\${{ github.event.pull_request.number }}
  cancel-in-progress: true

jobs:
  validate:
    runs-on: ubuntu-latest
    timeout-minutes: 30
    permissions:
      contents: read
    steps:
      - uses: actions/checkout@8e8c483db84b4bee98b60c0593521ed34d9990e8 # v6.0.1
        with:
          fetch-depth: 0 # what is new is told from the merge-base
          persist-credentials: false${lfs ? '\n          lfs: true' : ''}

      - uses: rastro-ml/rastro/actions/validate@v1
        with:
          fail-on: new
`;
}

function describe({ written, datasets, skipped }: InitRecord): ReturnType<typeof report> {
  const next: Text = [
    'Read the contracts: they say what the data shows, not what you promise. Then run ',
    { code: 'rastro validate' },
    '.',
  ];
  return report(
    'init',
    'repository',
    {
      status: skipped.length === 0 ? 'info' : 'warn',
      sentence: `${count(written.length, 'file')} written for ${count(datasets.length, 'dataset')}.`,
    },
    [
      {
        id: 'written',
        title: 'Written',
        importance: 100,
        blocks: [
          { kind: 'list', items: written.map((path) => [{ code: path }]) },
          table(
            ['Dataset', 'Files', ['Rows', 'right']],
            datasets.map(({ name, path, rows }) => [name, [{ code: path }], grouped(rows)]),
          ),
          { kind: 'paragraph', text: next },
        ],
      },
      skipped.length === 0
        ? undefined
        : {
            id: 'skipped',
            title: 'Left out',
            importance: 90,
            blocks: [{ kind: 'list', items: skipped.map(({ path, reason }) => `${path}: ${reason}`) }],
          },
    ],
  );
}
