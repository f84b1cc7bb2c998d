import {
  type CheckResult,
  type Contract,
  type Offender,
  planChecks,
  type RuleResult,
  readContract,
} from '@rastro/contract';
import type { Document } from '@rastro/document';
import { fault, InputError, place, showPlace } from '@rastro/fault';
import { type DataLock, dataLockPath, type LockedFile, writeLock } from '@rastro/lineage';
import type { Finding, Report, Text } from '@rastro/report';
import { z } from 'zod';
import type { Outcome } from './outcome.ts';
import type { Ports, Workspace } from './ports/index.ts';
import { datasetFiles, findProject, loadProject, lockedFiles, pickDataset } from './project.ts';
import { count, percent, report, table, withCommand } from './report.ts';

export const ValidateRequest = z.strictObject({
  data: z
    .array(z.string())
    .default([])
    .describe(
      'Datasets by their names in rastro.yaml; with "contract", files instead. Default: every dataset that has a contract.',
    ),
  contract: z
    .string()
    .optional()
    .describe('Contract file to hold the data to, in place of the one that rastro.yaml names.'),
  failOn: z
    .enum(['error', 'warning', 'never'])
    .default('error')
    .describe('The least severity of a broken rule that fails the check.'),
  limit: z.number().int().min(1).max(10_000).default(20).describe('Offending rows to tell for each rule.'),
});
export type ValidateRequest = z.output<typeof ValidateRequest>;

/** One checked dataset: what was asked, and every rule's answer. */
export interface ValidateRecord {
  readonly dataset: string;
  readonly contract: string;
  readonly verdict: 'pass' | 'breach';
  readonly rows: number;
  readonly errors: number;
  readonly warnings: number;
  readonly result: CheckResult;
}

interface Subject {
  readonly name: string;
  readonly contract: string;
  readonly files: LockedFile[];
  /** A dataset of rastro.yaml leaves a lock; files that were given by hand do not. */
  readonly named: boolean;
}

type ValidatePorts = Pick<Ports, 'workspace' | 'data' | 'clock' | 'progress'>;

/**
 * Holds datasets to their contracts. What was checked is recorded in `rastro.lock/data/<dataset>/validate.yaml`.
 * @throws InputError when a contract is missing or wrong, or there is no data.
 */
export async function validate(
  request: ValidateRequest,
  ports: ValidatePorts,
): Promise<Outcome<ValidateRecord[]>> {
  const subjects = await subjectsOf(request, ports.workspace);
  const records: ValidateRecord[] = [];
  const reports: Report[] = [];
  for (const subject of subjects) {
    ports.progress.step(
      `${subject.name}: checking ${count(subject.files.length, 'file')} against ${subject.contract}`,
    );
    const record = await check(subject, request, ports);
    records.push(record);
    const files = subject.named ? [subject.name] : request.data;
    const contract = request.contract === undefined ? [] : ['--contract', request.contract];
    reports.push(withCommand(describe(record), [...files.flatMap((file) => ['--data', file]), ...contract]));
  }
  const broken = records.some(({ verdict }) => verdict === 'breach');
  return { status: broken ? 'breach' : 'pass', reports, record: records };
}

async function subjectsOf({ data, contract }: ValidateRequest, workspace: Workspace): Promise<Subject[]> {
  const project = await findProject(workspace);
  if (contract !== undefined) {
    if (data.length === 0) {
      throw new InputError(
        fault(
          'missing-input',
          'a contract was given, but no data',
          undefined,
          'Give "data" too: files, globs or the name of a dataset.',
        ),
      );
    }
    const named = data.filter((name) => project?.value.data[name]);
    if (project && named.length === data.length) {
      return Promise.all(
        named.map(async (name) => ({
          name,
          contract,
          named: true,
          files: await datasetFiles(workspace, name, pickDataset(project, name)),
        })),
      );
    }
    const paths = await workspace.list(data);
    if (paths.length === 0) {
      throw new InputError(
        fault('data-missing', `no file matches ${data.join(', ')}`, place(data[0]!), 'Correct the path.'),
      );
    }
    return [{ name: data.join(', '), contract, named: false, files: await lockedFiles(workspace, paths) }];
  }

  const { value } = await loadProject(workspace);
  const asked = data.length === 0 ? Object.keys(value.data) : data;
  const subjects: Subject[] = [];
  for (const name of asked) {
    const config = pickDataset(project!, name);
    const file = config.contract ?? `contracts/${name}.yaml`;
    const isStated = config.contract !== undefined || data.length > 0;
    if (!isStated && (await workspace.digest(file)) === undefined) continue;
    subjects.push({ name, contract: file, named: true, files: await datasetFiles(workspace, name, config) });
  }
  if (subjects.length === 0) {
    throw new InputError(
      fault(
        'no-contracts',
        'no dataset has a contract',
        project!.placeOf(['data']),
        'Write contracts/<dataset>.yaml, or name one under "contract:".',
      ),
    );
  }
  return subjects;
}

async function loadContract(workspace: Workspace, file: string): Promise<Document<Contract>> {
  const text = await workspace.readText(file);
  if (text === undefined) {
    throw new InputError(
      fault(
        'contract-missing',
        `the contract ${file} is not there`,
        place(file),
        'Write it, or correct the path.',
      ),
    );
  }
  return readContract(text, file);
}

async function check(
  subject: Subject,
  request: ValidateRequest,
  { workspace, data, clock }: ValidatePorts,
): Promise<ValidateRecord> {
  const contract = await loadContract(workspace, subject.contract);
  const references = await Promise.all(
    contract.value.foreignKeys.map(async ({ reference }) =>
      checked(workspace, await workspace.list([reference.path].flat())),
    ),
  );
  const plan = planChecks(contract, {
    files: checked(
      workspace,
      subject.files.map(({ path }) => path),
    ),
    now: clock.now(),
    references,
    limit: request.limit,
  });
  const result = await (await data()).check(plan);
  const failing = result.rules.filter((rule) => rule.status === 'fail');
  const warnings = result.rules.filter((rule) => rule.status === 'warn');
  const broken =
    request.failOn === 'never' ? 0 : failing.length + (request.failOn === 'warning' ? warnings.length : 0);
  const record: ValidateRecord = {
    dataset: subject.name,
    contract: subject.contract,
    verdict: broken > 0 ? 'breach' : 'pass',
    rows: result.rows,
    errors: failing.length,
    warnings: warnings.length,
    result,
  };
  if (subject.named) {
    const [contractFile] = await lockedFiles(workspace, [subject.contract]);
    const lock: DataLock = {
      schema: 'rastro/lock/v1',
      stage: 'validate',
      dataset: subject.name,
      contract: contractFile!,
      files: subject.files,
      rows: result.rows,
      verdict: failing.length === 0 ? 'pass' : 'fail',
      errors: failing.length,
      warnings: warnings.length,
    };
    await workspace.write(dataLockPath(subject.name), writeLock(lock));
  }
  return record;
}

function checked(workspace: Workspace, paths: readonly string[]) {
  return paths.map((path) => ({ path, absolute: workspace.absolute(path) }));
}

function describe({ dataset, contract, verdict, rows, errors, warnings, result }: ValidateRecord): Report {
  const broken = result.rules.filter(({ status }) => status === 'fail' || status === 'warn');
  const sentence =
    broken.length === 0
      ? `${dataset} keeps its contract: ${count(result.rules.length, 'rule')} on ${count(rows, 'row')}.`
      : `${dataset} breaks its contract: ${count(errors, 'error')} and ${count(warnings, 'warning')} among ${count(result.rules.length, 'rule')} on ${count(rows, 'row')}.`;
  const status = verdict === 'breach' ? 'fail' : broken.length > 0 ? 'warn' : 'pass';
  return report(
    'validate',
    dataset,
    { status, sentence },
    [
      broken.length === 0
        ? undefined
        : {
            id: 'data-contract',
            title: 'Data contract',
            importance: 80,
            blocks: [
              { kind: 'paragraph', text: ['Contract ', { code: contract }] },
              table(
                ['Rule', 'Expected', ['Count', 'right'], ['Share', 'right'], 'Found', 'First at'],
                broken.map(ruleRow),
              ),
            ],
          },
    ],
    broken.flatMap(findingsOf),
  );
}

function ruleRow(rule: RuleResult): Text[] {
  const first = rule.offenders[0];
  return [
    [{ code: rule.id }, rule.status === 'warn' ? ' (warning)' : ''],
    rule.expected,
    rule.count.toLocaleString('en'),
    percent(rule.share),
    found(rule, first),
    first ? [{ code: where(first) }] : [{ code: showPlace(rule.place) }],
  ];
}

function found(rule: RuleResult, first: Offender | undefined): string {
  return rule.actual ?? first?.value ?? first?.note ?? rule.note ?? '';
}

/** Each offender becomes an annotation at its line; a rule about the whole table is told at the contract. */
function findingsOf(rule: RuleResult): Finding[] {
  const severity = rule.status === 'fail' ? 'error' : 'warning';
  const base = { severity, title: rule.id } as const;
  if (rule.offenders.length === 0) {
    const { file, line, column } = rule.place;
    const message = `expected ${rule.expected}${rule.actual === undefined ? '' : `, found ${rule.actual}`}${rule.note ? ` (${rule.note})` : ''}`;
    return [{ ...base, message, file, ...(line ? { line } : {}), ...(column ? { column } : {}) }];
  }
  return rule.offenders.map((offender) => ({
    ...base,
    message: message(rule, offender),
    file: offender.file,
    ...(offender.line === undefined ? {} : { line: offender.line }),
  }));
}

function message(rule: RuleResult, { column, value, note, row }: Offender): string {
  return [
    row === undefined ? '' : `row ${row}: `,
    column === undefined ? '' : `column ${column}: `,
    `expected ${rule.expected}`,
    value === undefined ? '' : `, got "${value}"`,
    note === undefined ? '' : ` (${note})`,
  ].join('');
}

function where({ file, line, row }: Offender): string {
  if (line !== undefined) return `${file}:${line}`;
  return row === undefined ? file : `${file}, row ${row}`;
}
