import { inferContract } from '@rastro/contract';
import { fault, InputError, place } from '@rastro/fault';
import type { Report } from '@rastro/report';
import { z } from 'zod';
import type { Outcome } from './outcome.ts';
import type { DataEngine, Ports, Workspace } from './ports/index.ts';
import { tableOf } from './project.ts';
import { count, report } from './report.ts';

export const InferRequest = z.strictObject({
  data: z.array(z.string()).min(1).describe('Files, or globs of files, of one dataset.'),
  name: z
    .string()
    .regex(/^[a-zA-Z0-9]([a-zA-Z0-9/_-]*[a-zA-Z0-9])?$/, 'use letters, digits, "-", "_" and "/"')
    .optional()
    .describe('Name of the dataset. Default: that of the first file.'),
  output: z.string().min(1).optional().describe('File to write. Default: contracts/<name>.yaml.'),
  force: z.boolean().default(false).describe('Write over a contract that is there.'),
});
export type InferRequest = z.output<typeof InferRequest>;

export interface InferRecord {
  readonly dataset: string;
  readonly contract: string;
  readonly rows: number;
  readonly columns: number;
  readonly text: string;
}

/** Writes a first contract from what data shows. @throws InputError when there is no data, or a contract already. */
export async function inferFrom(
  request: InferRequest,
  { workspace, data, progress }: Pick<Ports, 'workspace' | 'data' | 'progress'>,
): Promise<Outcome<InferRecord>> {
  const paths = await workspace.list(request.data);
  if (paths.length === 0) {
    throw new InputError(
      fault(
        'data-missing',
        `no file matches ${request.data.join(', ')}`,
        place(request.data[0]!),
        'Correct the path.',
      ),
    );
  }
  const name = request.name ?? datasetName(paths[0]!);
  const contract = request.output ?? `contracts/${name}.yaml`;
  await mustNotBeThere(workspace, contract, request.force);
  progress.step(`${name}: measuring ${count(paths.length, 'file')}`);
  const inferred = await inferredContract(
    { name, globs: request.data, paths },
    { workspace, engine: await data() },
  );
  await workspace.write(contract, inferred.text);
  const record = { dataset: name, contract, ...inferred };
  return { status: 'pass', reports: [describe(record)], record };
}

/** The contract that the data shows, as text; `path` is in it, so that it can be checked with nothing else. */
export async function inferredContract(
  { name, globs, paths }: { name: string; globs: readonly string[]; paths: readonly string[] },
  { workspace, engine }: { workspace: Workspace; engine: DataEngine },
): Promise<{ text: string; rows: number; columns: number }> {
  const profile = await engine.profile(
    tableOf(
      workspace,
      paths.map((path) => ({ path })),
    ),
  );
  const path = globs.length === 1 ? globs[0]! : [...globs];
  const text = inferContract(profile, { name, source: { path } });
  return { text, rows: profile.rows, columns: profile.columns.length };
}

/** The name of a file without folder and ending, as a dataset may be named. */
export function datasetName(path: string): string {
  const bare = path.slice(path.lastIndexOf('/') + 1).replace(/\.\w+(\.gz)?$/, '');
  return bare.replaceAll(/[^a-zA-Z0-9_-]+/g, '-').replaceAll(/^[^a-zA-Z0-9]+|[^a-zA-Z0-9]+$/g, '') || 'data';
}

/** @throws InputError when a file is there that nobody wants written over. */
export async function mustNotBeThere(workspace: Workspace, path: string, force: boolean): Promise<void> {
  if (force || (await workspace.stamp(path)) === undefined) return;
  throw new InputError(
    fault('already-there', `${path} is there already`, place(path), 'Give --force to write over it.'),
  );
}

function describe({ dataset, contract, rows, columns, text }: InferRecord): Report {
  return report(
    'contract-infer',
    dataset,
    {
      status: 'info',
      sentence: `${contract} is written, inferred from ${count(columns, 'column')} of ${count(rows, 'row')}. Read it: it says what the data shows, not what you promise.`,
    },
    [
      {
        id: 'contract',
        title: contract,
        importance: 100,
        blocks: [{ kind: 'code', language: 'yaml', text }],
      },
    ],
  );
}
