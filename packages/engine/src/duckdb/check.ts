import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Answer,
  type CheckPlan,
  type CheckResult,
  type DataShape,
  judge,
  type KeyPart,
  Scans,
  type SeenOffender,
} from '@rastro/contract';
import { fault, InputError, OutsideError, RastroError } from '@rastro/fault';
import { columnTests, provenChecks } from './column-tests.ts';
import { withNames } from './named-columns.ts';
import { firstLine, type OpenedFile, openFile, type Scratch } from './opened-file.ts';
import { makeReferences } from './references.ts';
import { parseRules } from './rule-expression.ts';
import type { JsonRow, Session } from './session.ts';
import { locateAll, makeViews, quickTable, rowAt, type Table, tableOf } from './table.ts';

/** Runs the plan of a data contract. */
export async function checkPlan(
  session: Session,
  plan: CheckPlan,
  tempDirectory: string,
): Promise<CheckResult> {
  const folder = await mkdtemp(join(tempDirectory, 'rastro-check-'));
  const direct = { folder, always: false };
  const copied = { folder, always: true };
  // The bytes of text files are read while the engine starts.
  const opening = openAll(session, plan, direct);
  // A failure is told when it is its turn: what is wrong with a rule goes first.
  opening.catch(() => {});
  try {
    const names = plan.fields.map(({ name }) => name);
    await parseRules(session, plan.rules, names);
    return (
      (await attempt(session, plan, await opening, direct)) ??
      // Readers of CSV have lost rows and made up others. What was counted byte by byte decides; then copies are read.
      (await attempt(session, plan, await openAll(session, plan, copied), copied)) ??
      disagree(plan)
    );
  } finally {
    await opening.catch(() => {});
    await rm(folder, { recursive: true, force: true });
  }
}

function disagree(plan: CheckPlan): never {
  const files = plan.source.files.map(({ path }) => path).join(', ');
  throw new Error(`the engine and the scanner count different rows in ${files}`);
}

/** Undefined when the engine does not see the rows that are there, or cannot read a file that is read as it is. */
async function attempt(
  session: Session,
  plan: CheckPlan,
  opened: readonly OpenedFile[],
  scratch: Scratch,
): Promise<CheckResult | undefined> {
  const names = plan.fields.map(({ name }) => name);
  const table = tableOf(opened, names);
  await makeViews(session, table, names);
  await makeReferences(session, plan, scratch);
  const proven = provenChecks(plan, opened);
  const scans = new Scans(plan, { ...shapeOf(table), proven });
  await bindRules(session, plan, scans);
  const sound = opened.reduce((sum, { facts }) => sum + facts.rows - facts.dropped, 0);
  const fused =
    (await quickRow(session, plan, table, { rows: sound, proven })) ??
    (await fusedRow(session, plan, scans, scratch));
  if (fused === undefined || Number(fused.n) !== sound) return undefined;
  const answers = await answer(session, plan, scans, table, fused);
  const samples = await samplesOf(session, scans);
  return judge(plan, { files: opened.map(({ facts }) => facts), answers, samples });
}

function shapeOf({ physical, partial, extras }: Table): DataShape {
  return { physical, partial, extras: extras.length };
}

async function samplesOf(session: Session, scans: Scans): Promise<Map<number, (string | null)[]>> {
  const { sampled } = scans;
  if (sampled.length === 0) return new Map();
  const rows = await session.rows(scans.sample());
  return new Map(sampled.map((index) => [index, rows.map((row) => row[`s${index}`] as string | null)]));
}

async function openAll(session: Session, plan: CheckPlan, scratch: Scratch): Promise<OpenedFile[]> {
  const { source } = plan;
  if (source.files.length === 0) {
    throw new InputError(
      fault(
        'data-missing',
        'no file matches the source of the contract',
        plan.places.source,
        'Check the path.',
      ),
    );
  }
  const opened: OpenedFile[] = [];
  const tests = columnTests(plan);
  for (const file of source.files) {
    const one = await openFile(session, file, { ...source, limit: plan.limit, tests }, scratch);
    opened.push(withNames(plan, one));
  }
  return opened;
}

/** @throws InputError for a rule that parses but has no meaning: an unknown function, an aggregate, no truth value. */
async function bindRules(session: Session, plan: CheckPlan, scans: Scans): Promise<void> {
  const asked = new Set(scans.asked.map((index) => plan.checks[index]!.id));
  for (const rule of plan.rules) {
    if (!asked.has(rule.check)) continue;
    const refuse = (reason: string, cause?: unknown): never => {
      throw new InputError(
        fault('rule-meaning', `the rule cannot be asked: ${reason}`, rule.place, 'Mend the expression.'),
        { cause },
      );
    };
    let type: unknown;
    try {
      type = (await session.row(scans.ruleType(rule.expression))).column_type;
    } catch (error) {
      refuse(firstLine(error), error);
    }
    if (type !== 'BOOLEAN') refuse(`it gives ${type}, not true or false`);
  }
}

/**
 * The fused scan with columns read as typed by the engine itself, where every value is written in the usual way. Undefined when no
 * column is, or something does not fit: a number too large, a day that no month has. Then texts tell.
 */
async function quickRow(
  session: Session,
  plan: CheckPlan,
  table: Table,
  { rows, proven }: { rows: number; proven: ReadonlySet<number> },
): Promise<JsonRow | undefined> {
  const names = plan.fields.map(({ name }) => name);
  const quick = quickTable(table, names);
  if (!quick) return undefined;
  await makeViews(session, quick, names);
  const scans = new Scans(plan, { ...shapeOf(quick), proven });
  const row = await session.row(scans.fused()).catch((error: unknown) => {
    if (error instanceof RastroError) throw error;
    return undefined;
  });
  await makeViews(session, table, names);
  return row && Number(row.n) === rows ? row : undefined;
}

/** The fused scan; undefined when the engine cannot read a file as it is. */
async function fusedRow(
  session: Session,
  plan: CheckPlan,
  scans: Scans,
  scratch: Scratch,
): Promise<JsonRow | undefined> {
  try {
    return await session.row(scans.fused());
  } catch (error) {
    if (error instanceof RastroError) throw error;
    await blameRule(session, plan, scans);
    if (scratch.always) throw error;
    return undefined;
  }
}

/** @throws InputError naming the rule that fails on the data, such as by a cast that a value does not allow. */
async function blameRule(session: Session, plan: CheckPlan, scans: Scans): Promise<void> {
  for (const index of scans.asked) {
    const check = plan.checks[index]!;
    if (check.kind !== 'row') continue;
    const failed = await session.row(scans.fused([index])).then(
      () => undefined,
      (error: unknown) => error,
    );
    const withoutRule =
      failed &&
      (await session.row(scans.fused([])).then(
        () => true,
        () => false,
      ));
    if (!withoutRule) continue;
    const isSensitive = check.needs.some((field) => plan.fields[field]!.sensitive === true);
    throw new InputError(
      fault(
        'rule-fails',
        `the rule fails on a row of the data: ${isSensitive ? kindOnly(failed) : firstLine(failed)}`,
        check.place,
        'Use a form that gives null where it cannot answer, such as try_cast.',
      ),
      isSensitive ? {} : { cause: failed },
    );
  }
}

/** `Conversion Error`, without the value that it was. */
function kindOnly(error: unknown): string {
  return `${firstLine(error).split(':')[0]!} (not shown, as it may hold a sensitive value)`;
}

async function answer(
  session: Session,
  plan: CheckPlan,
  scans: Scans,
  table: Table,
  fused: JsonRow,
): Promise<Answer[]> {
  const asked = scans.asked.map((index) => ({ index, check: plan.checks[index]! }));
  const counts = { ...fused, ...(await moreCounts(session, scans, fused)) };
  const values = new Map<number, number | null>();
  for (const { index, check } of asked) {
    const { how } = check.ask;
    const isKey = how === 'key' || how === 'reference';
    const known = counts[`k${index}`] ?? (how === 'row' ? 0 : null);
    const value = isKey && known === null ? await countKeys(session, scans, index) : known;
    values.set(index, value === null ? null : Number(value));
  }
  const broken = asked.filter(
    ({ index, check }) => isOverRows(check.ask.how) && (values.get(index) ?? 0) > 0,
  );
  const rows = await brokenRows(
    session,
    plan,
    scans,
    broken.map(({ index }) => index),
  );
  const lines = await locateAll(
    table,
    [...rows.values()].flat().flatMap(({ at, first }) => (first === undefined ? [at] : [at, first])),
  );
  return asked.map(({ index, check }) => ({
    check: check.id,
    value: values.get(index) ?? null,
    offenders: (rows.get(index) ?? []).map((row) => seen(table, lines, row)),
  }));
}

/** Counts of the rows that break checks of which the fused scan told only that some may, and of keys that can be counted at once. */
async function moreCounts(session: Session, scans: Scans, fused: JsonRow): Promise<JsonRow> {
  const doubtful = scans.asked.filter((index) => fused[`d${index}`] === true);
  const rows = doubtful.length === 0 ? {} : await session.row(scans.counts(doubtful));
  const shared = scans.sharedKeys;
  if (shared.length === 0) return rows;
  try {
    return { ...rows, ...(await session.row(scans.manyKeys(shared))) };
  } catch (error) {
    // What is too much for the memory is asked key by key.
    if (!(error instanceof OutsideError)) throw error;
    return rows;
  }
}

async function countKeys(session: Session, scans: Scans, index: number): Promise<number> {
  const counts = await inParts(async (part) => Number((await session.row(scans.keys(index, part))).k));
  return counts.reduce((sum, count) => sum + count, 0);
}

async function keyRows(
  session: Session,
  scans: Scans,
  { index, limit }: { index: number; limit: number },
): Promise<BrokenRow[]> {
  const parts = await inParts((part) => session.rows(scans.keyLines(index, part)));
  return parts
    .flat()
    .map(brokenRow)
    .sort((a, b) => a.at - b.at)
    .slice(0, limit);
}

/** Asks all at once, and where that is too much for the memory, part by part. */
async function inParts<T>(ask: (part: KeyPart) => Promise<T>): Promise<T[]> {
  for (const parts of [1, 16]) {
    try {
      return await eachPart(ask, parts);
    } catch (error) {
      if (!(error instanceof OutsideError)) throw error;
    }
  }
  return eachPart(ask, 128);
}

async function eachPart<T>(ask: (part: KeyPart) => Promise<T>, parts: number): Promise<T[]> {
  const answers: T[] = [];
  for (let part = 0; part < parts; part++) answers.push(await ask({ part, parts }));
  return answers;
}

function isOverRows(how: string): boolean {
  return how === 'row' || how === 'key' || how === 'reference';
}

interface BrokenRow {
  readonly at: number;
  readonly shown: readonly (string | null)[];
  readonly print: string;
  readonly first?: number;
}

async function brokenRows(
  session: Session,
  plan: CheckPlan,
  scans: Scans,
  broken: readonly number[],
): Promise<Map<number, BrokenRow[]>> {
  const found = new Map<number, BrokenRow[]>();
  const overRows = broken.filter((index) => plan.checks[index]!.ask.how === 'row');
  if (overRows.length > 0) {
    const row = await session.row(scans.lines(overRows));
    for (const index of overRows) found.set(index, (row[`k${index}`] as JsonRow[]).map(brokenRow));
  }
  for (const index of broken) {
    if (!found.has(index)) found.set(index, await keyRows(session, scans, { index, limit: plan.limit }));
  }
  return found;
}

function brokenRow({ _at, shown, print, first }: JsonRow): BrokenRow {
  return {
    at: Number(_at),
    shown: shown as (string | null)[],
    print: String(print),
    ...(first === null || first === undefined ? {} : { first: Number(first) }),
  };
}

function seen(
  table: Table,
  lines: ReadonlyMap<number, number>,
  { at, shown, print, first }: BrokenRow,
): SeenOffender {
  const { file } = rowAt(table, at);
  const position = lines.get(at)!;
  return {
    file: file.file.path,
    ...(file.counts === 'lines' ? { line: position } : { row: position }),
    shown,
    print,
    ...(first === undefined
      ? {}
      : { first: { file: rowAt(table, first).file.file.path, position: lines.get(first)! } }),
  };
}
