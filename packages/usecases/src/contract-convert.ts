import {
  type Converted,
  contractFromOdcs,
  contractFromTableSchema,
  odcsFromContract,
  readContract,
  tableSchemaFromContract,
} from '@rastro/contract';
import { fault, InputError, place } from '@rastro/fault';
import type { Report } from '@rastro/report';
import { z } from 'zod';
import { datasetName, mustNotBeThere } from './contract-infer.ts';
import type { Outcome } from './outcome.ts';
import type { Ports, Workspace } from './ports/index.ts';
import { report } from './report.ts';
import { loadContract } from './validate-subjects.ts';

export const ImportRequest = z.strictObject({
  file: z.string().min(1).describe('Document to read: ODCS 3 (YAML) or a Frictionless Table Schema (JSON).'),
  table: z.string().optional().describe('Which table, where the document describes several.'),
  output: z.string().min(1).optional().describe('File to write. Default: contracts/<name>.yaml.'),
  force: z.boolean().default(false).describe('Write over a contract that is there.'),
});
export type ImportRequest = z.output<typeof ImportRequest>;

export const ExportRequest = z.strictObject({
  contract: z.string().min(1).describe('Contract file to write in another format.'),
  format: z
    .enum(['odcs', 'table-schema'])
    .default('odcs')
    .describe('Open Data Contract Standard 3.1.0, or Frictionless Table Schema.'),
  output: z
    .string()
    .min(1)
    .optional()
    .describe('File to write. Default: beside the contract, ending in .odcs.yaml or .schema.json.'),
  force: z.boolean().default(false).describe('Write over a file that is there.'),
});
export type ExportRequest = z.output<typeof ExportRequest>;

export interface ConvertRecord {
  readonly from: string;
  readonly to: string;
  /** In words, what could not be said in the other format. */
  readonly lost: readonly string[];
}

/** Makes a contract from a document in a format of others. @throws InputError when it is none, or a contract is there already. */
export async function importContract(
  request: ImportRequest,
  { workspace }: Pick<Ports, 'workspace'>,
): Promise<Outcome<ConvertRecord>> {
  const text = await workspace.readText(request.file);
  if (text === undefined) {
    throw new InputError(
      fault('file-missing', `${request.file} is not there`, place(request.file), 'Correct the path.'),
    );
  }
  const name = datasetName(request.file.replace(/\.(odcs|schema|datacontract)(?=\.\w+$)/, ''));
  const isTableSchema = request.file.toLowerCase().endsWith('.json') && !/"apiVersion"/.test(text);
  const converted = isTableSchema
    ? contractFromTableSchema(text, request.file, name)
    : contractFromOdcs(text, request.file, request.table);
  const output = request.output ?? `contracts/${name}.yaml`;
  // Refuses what cannot be kept, such as a pattern that RE2 cannot run, before anything is written.
  readContract(converted.text, output);
  return written({ from: request.file, to: output, converted, force: request.force }, workspace);
}

/** Writes a contract in a format of others. @throws InputError when the contract is wrong, or the file is there already. */
export async function exportContract(
  request: ExportRequest,
  { workspace }: Pick<Ports, 'workspace'>,
): Promise<Outcome<ConvertRecord>> {
  const { value } = await loadContract(workspace, request.contract);
  const bare = request.contract.replace(/\.ya?ml$/, '');
  const isOdcs = request.format === 'odcs';
  const converted = isOdcs
    ? odcsFromContract(value, datasetName(request.contract))
    : tableSchemaFromContract(value);
  const to = request.output ?? `${bare}${isOdcs ? '.odcs.yaml' : '.schema.json'}`;
  return written({ from: request.contract, to, converted, force: request.force }, workspace);
}

async function written(
  { from, to, converted, force }: { from: string; to: string; converted: Converted; force: boolean },
  workspace: Workspace,
): Promise<Outcome<ConvertRecord>> {
  await mustNotBeThere(workspace, to, force);
  await workspace.write(to, converted.text);
  const record = { from, to, lost: converted.lost };
  return { status: 'pass', reports: [describe(record)], record };
}

function describe({ from, to, lost }: ConvertRecord): Report {
  const sentence =
    lost.length === 0
      ? `${to} says everything that ${from} does.`
      : `${to} is written; not everything in ${from} could be said.`;
  return report('contract', to, { status: lost.length === 0 ? 'info' : 'warn', sentence }, [
    lost.length === 0
      ? undefined
      : { id: 'lost', title: 'Left out', importance: 80, blocks: [{ kind: 'list', items: [...lost] }] },
  ]);
}
