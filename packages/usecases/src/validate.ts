import {
  type CheckPlan,
  type CheckResult,
  type ContractEvolution,
  explainPlan,
  hasNew,
  junitOf,
  levelOf,
  markKnown,
  planChecks,
  sarifOf,
  shortResult,
  verdictOf,
} from '@rastro/contract';
import { type DataLock, dataLockPath, writeLock } from '@rastro/lineage';
import type { Report } from '@rastro/report';
import { z } from 'zod';
import type { Outcome } from './outcome.ts';
import type { EngineResources, Ports } from './ports/index.ts';
import { lockedFiles } from './project.ts';
import { count, report, withCommand } from './report.ts';
import {
  type Base,
  type BaseData,
  baseData,
  evolutionSince,
  type FoundBase,
  findBase,
  forgetCopies,
  lockedRows,
  planOn,
  withKnown,
} from './validate-base.ts';
import { describeCheck } from './validate-report.ts';
import { checkedFiles, referencesOf, type Subject, subjectsOf } from './validate-subjects.ts';

/** Two threads that looked for equal keys among 600,000 rows ran out of 16 MB, and took minutes with 20. */
const LEAST_MEMORY = 32e6;

function bytesIn(size: string): number {
  const [, number, unit = '', isBinary] = /^([\d.]+) ?([KMGT])(i?)B$/i.exec(size) ?? [];
  return Number(number) * (isBinary ? 1024 : 1000) ** ('KMGT'.indexOf(unit.toUpperCase()) + 1);
}

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
    .enum(['any', 'new', 'never'])
    .default('any')
    .describe(
      'What fails the check: any broken rule, only breaches that the base does not have, or nothing.',
    ),
  severity: z
    .enum(['error', 'warning'])
    .default('error')
    .describe('The least severity of a broken rule that fails the check.'),
  base: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Commit whose data and contracts tell what is new: merge-base, none, or a Git revision. Default: merge-base on a pull request, none elsewhere.',
    ),
  limit: z.number().int().min(1).max(10_000).default(20).describe('Offending rows to tell for each rule.'),
  sarif: z.string().min(1).optional().describe('File to write the findings to as SARIF 2.1.0.'),
  junit: z.string().min(1).optional().describe('File to write the rules to as a JUnit report.'),
  memoryLimit: z
    .string()
    .regex(/^[1-9][0-9]*(\.[0-9]+)? ?[KMGT]i?B$/i, 'give a size such as 512MB')
    .refine((size) => !(bytesIn(size) < LEAST_MEMORY), 'the data engine needs 32MB at least')
    .optional()
    .describe('Memory that the data engine may take before it spills to disk, such as 512MB; 32MB at least.'),
  threads: z
    .number()
    .int()
    .min(1)
    .max(256)
    .optional()
    .describe('Threads that the data engine works on. Default: as many as the machine has.'),
  explain: z.boolean().default(false).describe('Print the plan of the checks and its SQL; check nothing.'),
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
  readonly notices: number;
  /** Rules broken in a way that the base does not have; null when there was no base to compare with. */
  readonly fresh: number | null;
  /** `merge-base 1a2b3c4d5e6f`, or null. */
  readonly base: string | null;
  /** Why the data could not be told from that of the base, when it could not. */
  readonly baseNote: string | null;
  /** How the contract changed since the base; null without one. */
  readonly evolution: ContractEvolution | null;
  readonly result: CheckResult;
}

type Request = Omit<ValidateRequest, 'explain'> & { readonly explain?: boolean };
type ValidatePorts = Pick<
  Ports,
  'workspace' | 'data' | 'clock' | 'progress' | 'repository' | 'context' | 'sha256'
>;

/**
 * Holds datasets to their contracts, and contracts to their versions. What was checked is recorded in
 * `rastro.lock/data/<dataset>/validate.yaml`.
 * @throws InputError when a contract is missing or wrong, or there is no data.
 */
export async function validate(request: Request, ports: ValidatePorts): Promise<Outcome<ValidateRecord[]>> {
  const subjects = await subjectsOf(request, ports.workspace);
  if (request.explain) return explained(subjects, request, ports);
  const found = await findBase(request.base, ports);
  const records: ValidateRecord[] = [];
  const reports: Report[] = [];
  for (const subject of subjects) {
    ports.progress.step(
      `${subject.name}: checking ${count(subject.paths.length, 'file')} against ${subject.contract.file}`,
    );
    const record = await check(subject, found, request, ports);
    records.push(record);
    reports.push(withCommand(describeCheck(record, request), commandFor(subject, request)));
  }
  await writeResults(records, request, ports);
  const broken = records.some(({ verdict }) => verdict === 'breach');
  return { status: broken ? 'breach' : 'pass', reports, record: records };
}

function commandFor(subject: Subject, { data, contract, failOn }: Request): string[] {
  const files = subject.isNamed ? [subject.name] : data;
  return [
    ...files.flatMap((file) => ['--data', file]),
    ...(contract === undefined ? [] : ['--contract', contract]),
    ...(failOn === 'any' ? [] : ['--fail-on', failOn]),
  ];
}

async function explained(
  subjects: readonly Subject[],
  request: Request,
  ports: ValidatePorts,
): Promise<Outcome<ValidateRecord[]>> {
  const reports: Report[] = [];
  for (const subject of subjects) {
    const plan = await planOf(subject, { limit: request.limit }, ports);
    reports.push(
      report(
        'validate',
        subject.name,
        { status: 'info', sentence: `${count(plan.checks.length, 'check')} are planned; none was made.` },
        [
          {
            id: 'plan',
            title: 'Plan',
            importance: 100,
            blocks: [{ kind: 'code', language: 'sql', text: explainPlan(plan) }],
          },
        ],
      ),
    );
  }
  return { status: 'pass', reports, record: [] };
}

async function planOf(
  { contract, paths }: Subject,
  { limit, referenceRows }: { limit: number; referenceRows?: number | undefined },
  { workspace, clock }: ValidatePorts,
): Promise<CheckPlan> {
  return planChecks(contract, {
    files: checkedFiles(workspace, paths),
    now: clock.now(),
    references: await referencesOf(contract, workspace),
    limit,
    ...(referenceRows === undefined ? {} : { referenceRows }),
  });
}

/** With a base every offender is looked at, as far as this goes: which are new is told by the rows themselves. */
const COMPARED = 100_000;

async function check(
  subject: Subject,
  found: FoundBase,
  request: Request,
  ports: ValidatePorts,
): Promise<ValidateRecord> {
  const { base } = found;
  const engine = await ports.data();
  const resources = resourcesOf(request);
  const before: BaseData = base
    ? await baseData(base, subject, ports)
    : { kind: 'none', reason: found.reason };
  const limit = before.kind === 'none' ? request.limit : COMPARED;
  const measured = await planOf(subject, { limit }, ports);
  const old =
    before.kind === 'other' ? () => engine.check(planOn(measured, before.files), resources) : undefined;
  const referenceRows = asksForChange(subject) && base ? await rowsBefore(base, subject, old) : undefined;
  const plan =
    referenceRows === undefined ? measured : await planOf(subject, { limit, referenceRows }, ports);
  const head = await engine.check(plan, resources);
  const isBroken = head.rules.some(({ status }) => status === 'fail' || status === 'warn');
  const told =
    before.kind === 'none'
      ? { result: head, reason: before.reason }
      : before.kind === 'same' || !isBroken
        ? { result: isBroken ? markKnown({ head, base: head }) : head }
        : await withKnown(head, () => engine.check(planOn(plan, before.files), resources));
  if (base) await forgetCopies(subject, ports);
  const result = shortResult(told.result, request.limit);
  const evolution = base ? await evolutionSince(base, subject.contract) : undefined;
  await writeDataLock(subject, result, ports);
  return recordOf(subject, { result, evolution, base, reason: told.reason }, request);
}

function asksForChange({ contract }: Subject): boolean {
  const { rows } = contract.value;
  return rows?.maxDecrease !== undefined || rows?.maxIncrease !== undefined;
}

async function rowsBefore(
  base: Base,
  subject: Subject,
  check: (() => Promise<CheckResult>) | undefined,
): Promise<number | undefined> {
  const locked = await lockedRows(base, subject);
  return locked ?? (await check?.())?.rows;
}

function resourcesOf({ memoryLimit, threads }: Request): EngineResources {
  return {
    ...(memoryLimit === undefined ? {} : { memoryLimit }),
    ...(threads === undefined ? {} : { threads }),
  };
}

function recordOf(
  subject: Subject,
  seen: {
    result: CheckResult;
    evolution: ContractEvolution | undefined;
    base: Base | undefined;
    reason: string | undefined;
  },
  { failOn, severity }: Request,
): ValidateRecord {
  const { result, evolution, base, reason } = seen;
  const broken = result.rules.filter(({ status }) => status === 'fail' || status === 'warn');
  const having = (level: string) => broken.filter((rule) => levelOf(rule) === level).length;
  const isBreach =
    verdictOf(result.rules, failOn, severity) === 'breach' ||
    (failOn !== 'never' && evolution?.versionTells === false);
  return {
    dataset: subject.name,
    contract: subject.contract.file,
    verdict: isBreach ? 'breach' : 'pass',
    rows: result.rows,
    errors: having('error'),
    warnings: having('warning'),
    notices: having('notice'),
    fresh: base && reason === undefined ? broken.filter(hasNew).length : null,
    base: base?.name ?? null,
    baseNote: base ? (reason ?? null) : null,
    evolution: evolution ?? null,
    result,
  };
}

async function writeDataLock(
  { name, contract, files, isNamed }: Subject,
  { rows, rules }: CheckResult,
  { workspace }: ValidatePorts,
): Promise<void> {
  if (!isNamed) return;
  const [contractFile] = await lockedFiles(workspace, [contract.file]);
  const having = (status: string) => rules.filter((rule) => rule.status === status).length;
  const lock: DataLock = {
    schema: 'rastro/lock/v1',
    stage: 'validate',
    dataset: name,
    contract: contractFile!,
    files: [...(await files())],
    rows,
    verdict: having('fail') === 0 ? 'pass' : 'fail',
    errors: having('fail'),
    warnings: having('warn'),
  };
  await workspace.write(dataLockPath(name), writeLock(lock));
}

async function writeResults(
  records: readonly ValidateRecord[],
  { sarif, junit }: Request,
  { workspace, context }: ValidatePorts,
): Promise<void> {
  const results = records.map(({ result }) => result);
  if (sarif) await workspace.write(sarif, sarifOf(results, { version: context.version }));
  if (junit) await workspace.write(junit, junitOf(results));
}
