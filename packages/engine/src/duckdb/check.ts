import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Answer,
  type CheckPlan,
  type CheckResult,
  type DataShape,
  judge,
  Scans,
  type SeenOffender,
} from '@rastro/contract';
import { fault, InputError, RastroError } from '@rastro/fault';
import { batches } from './batches.ts';
import { texts } from './column-readers.ts';
import { columnTests, provenChecks } from './column-tests.ts';
import { type BrokenRow, brokenRow, countKeys, keyRows } from './key-rows.ts';
import { withNames } from './named-columns.ts';
import { firstLine, type OpenedFile, openFile, type Scratch } from './opened-file.ts';
import { makeReferences } from './references.ts';
import { KEY_ROOM, type RepeatedKeys, repeatedKeys } from './repeated-keys.ts';
import { parseRules } from './rule-expression.ts';
import type { JsonRow, Session } from './session.ts';
import { locateAll, makeSource, makeViews, quickTable, rowAt, type Table, tableOf } from './table.ts';

/** Runs the plan of a data contract. `room`: bytes that the hashes of keys may take at once. */
export async function checkPlan(
  session: Session,
  plan: CheckPlan,
  { tempDirectory, room = KEY_ROOM }: { tempDirectory: string; room?: number },
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
      (await attempt(session, plan, await opening, { scratch: direct, room })) ??
      // Readers of CSV have lost rows and made up others. What was counted byte by byte decides; then copies are read.
      (await attempt(session, plan, await openAll(session, plan, copied), { scratch: copied, room })) ??
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
  { scratch, room }: { scratch: Scratch; room: number },
): Promise<CheckResult | undefined> {
  const names = plan.fields.map(({ name }) => name);
  const table = tableOf(opened, names);
  await makeViews(session, table, names);
  await makeReferences(session, plan, scratch);
  const proven = provenChecks(plan, opened);
  const scans = new Scans(plan, { ...shapeOf(table), proven });
  await bindRules(session, plan, scans);
  const sound = opened.reduce((sum, { facts }) => sum + facts.rows - facts.dropped, 0);
  const scanned =
    (await quickScan(session, plan, table, { rows: sound, proven, room })) ??
    (await scan(session, scans, { rows: sound, room }, () => fusedRow(session, plan, scans, scratch)));
  if (scanned === undefined) return undefined;
  const answers = await answer(session, plan, scans, table, scanned);
  const samples = await samplesOf(session, scans);
  return judge(plan, { files: opened.map(({ facts }) => facts), answers, samples });
}

function shapeOf({ physical, partial, extras }: Table): DataShape {
  return { physical, partial, extras: extras.length };
}

/** Rows of a sample to read at once: mostly all of them. */
const SAMPLE_BATCH = 1000;

async function samplesOf(session: Session, scans: Scans): Promise<Map<number, (string | null)[]>> {
  const { sampled } = scans;
  if (sampled.length === 0) return new Map();
  const samples = new Map(sampled.map((index) => [index, [] as (string | null)[]]));
  const wanted = sampled.map(() => ({ reader: texts }));
  for await (const { columns } of batches(session, scans.sample(), wanted, SAMPLE_BATCH)) {
    for (const [position, sample] of [...samples.values()].entries())
      sample.push(...(columns[position] as (string | null)[]));
  }
  return samples;
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

/** What the scans over all rows told. */
interface Scanned {
  /** The row of the fused scan. */
  readonly fused: JsonRow;
  readonly repeated: RepeatedKeys;
}

/** Undefined when there is no row, or it counts other rows than there are. */
async function scan(
  session: Session,
  scans: Scans,
  { rows, room }: { rows: number; room: number },
  fuse: () => Promise<JsonRow | undefined>,
): Promise<Scanned | undefined> {
  const fused = await fuse();
  if (fused === undefined || Number(fused.n) !== rows) return undefined;
  return { fused, repeated: await repeatedKeys(session, scans, { rows, room }) };
}

/**
 * The scans with columns read as typed by the engine itself, where every value is written in the usual way. Undefined when no
 * column is, or something does not fit: a number too large, a day that no month has. Then texts tell.
 */
async function quickScan(
  session: Session,
  plan: CheckPlan,
  table: Table,
  { proven, ...size }: { rows: number; proven: ReadonlySet<number>; room: number },
): Promise<Scanned | undefined> {
  const names = plan.fields.map(({ name }) => name);
  const quick = quickTable(table, names);
  if (!quick) return undefined;
  await makeSource(session, quick, names);
  const scans = new Scans(plan, { ...shapeOf(quick), proven });
  const scanned = await scan(session, scans, size, () => session.row(scans.fused())).catch(
    (error: unknown) => {
      if (error instanceof RastroError) throw error;
      return undefined;
    },
  );
  await makeSource(session, table, names);
  return scanned && { ...scanned, repeated: ofTexts(plan, scanned.repeated) };
}

/** Whole rows that are equal as typed may differ as texts: which of them repeat, only the texts tell. */
function ofTexts({ checks }: CheckPlan, repeated: RepeatedKeys): RepeatedKeys {
  const isWhole = (index: number) => {
    const { ask } = checks[index]!;
    return ask.how === 'key' && ask.fields === undefined;
  };
  return new Map(
    [...repeated].map(([index, hashes]) => [
      index,
      isWhole(index) && hashes?.length !== 0 ? undefined : hashes,
    ]),
  );
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
  { fused, repeated }: Scanned,
): Promise<Answer[]> {
  const asked = scans.asked.map((index) => ({ index, check: plan.checks[index]! }));
  const counts = { ...fused, ...(await moreCounts(session, scans, fused)) };
  const values = new Map<number, number | null>();
  for (const { index, check } of asked) {
    const { how } = check.ask;
    const known = counts[`k${index}`] ?? (how === 'row' ? 0 : null);
    const isKey = how === 'key' || how === 'reference';
    const value = isKey ? await countKeys(session, scans, index, repeated.get(index)) : known;
    values.set(index, value === null ? null : Number(value));
  }
  const broken = asked.filter(
    ({ index, check }) => isOverRows(check.ask.how) && (values.get(index) ?? 0) > 0,
  );
  const indexes = broken.map(({ index }) => index);
  const rows = await brokenRows(session, plan, scans, { broken: indexes, repeated });
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

/** Counts of the rows that break checks of which the fused scan told only that some may. */
async function moreCounts(session: Session, scans: Scans, fused: JsonRow): Promise<JsonRow> {
  const doubtful = scans.asked.filter((index) => fused[`d${index}`] === true);
  return doubtful.length === 0 ? {} : session.row(scans.counts(doubtful));
}

function isOverRows(how: string): boolean {
  return how === 'row' || how === 'key' || how === 'reference';
}

async function brokenRows(
  session: Session,
  plan: CheckPlan,
  scans: Scans,
  { broken, repeated }: { broken: readonly number[]; repeated: RepeatedKeys },
): Promise<Map<number, BrokenRow[]>> {
  const found = new Map<number, BrokenRow[]>();
  const overRows = broken.filter((index) => plan.checks[index]!.ask.how === 'row');
  if (overRows.length > 0) {
    const row = await session.row(scans.lines(overRows));
    for (const index of overRows) found.set(index, (row[`k${index}`] as JsonRow[]).map(brokenRow));
  }
  for (const index of broken) {
    if (found.has(index)) continue;
    found.set(index, await keyRows(session, scans, { index, limit: plan.limit, among: repeated.get(index) }));
  }
  return found;
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
