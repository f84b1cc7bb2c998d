import { didYouMean } from '@rastro/document';
import type { Severity } from '@rastro/fault';
import type { Check, CheckPlan } from './check-plan.ts';
import type { CheckResult, Offender, RuleResult } from './check-result.ts';
import type { Answer, FileFacts, Observation, SeenOffender, StructureCode } from './data-facts.ts';
import { personalDataIn } from './personal-data.ts';
import { shortened } from './shown-value.ts';
import { verdictOf } from './verdict.ts';

/** Holds what an engine saw to what the plan asked. */
export function judge(plan: CheckPlan, { files, answers, samples }: Observation): CheckResult {
  const rows = files.reduce((sum, file) => sum + file.rows, 0);
  const byCheck = new Map(answers.map((answer) => [answer.check, answer]));
  const rules = [
    ...structureRules(plan, files, rows),
    ...columnRules(plan, files),
    ...plan.checks.map((check) => ruleOf(plan, check, byCheck.get(check.id), rows)),
    ...plan.unasked.map(
      (unasked): RuleResult => ({ ...unasked, status: 'skipped', count: 0, share: 0, offenders: [] }),
    ),
    ...privacyRules(plan, samples),
  ];
  return {
    verdict: verdictOf(rules, 'any'),
    contract: plan.contract,
    rows,
    files: files.map(({ path, rows }) => ({ path, rows })),
    rules,
  };
}

const STRUCTURE: Record<StructureCode, { expected: string; severity: Severity }> = {
  empty: { expected: 'a file with data in it', severity: 'error' },
  encoding: { expected: 'text in the declared encoding', severity: 'error' },
  'line-ends': { expected: 'one kind of line end', severity: 'warning' },
  nul: { expected: 'no NUL characters', severity: 'error' },
  quotes: { expected: 'quotes that open and close a whole field', severity: 'error' },
  'field-count': { expected: 'as many fields in every row as there are columns', severity: 'error' },
  header: { expected: 'a header that names every column once', severity: 'error' },
  json: { expected: 'one JSON object in every row', severity: 'error' },
};

function structureRules(plan: CheckPlan, files: readonly FileFacts[], rows: number): RuleResult[] {
  const codes = (Object.keys(STRUCTURE) as StructureCode[]).filter((code) =>
    files.some(({ faults }) => faults.some((fault) => fault.code === code)),
  );
  const common = { kind: 'structure' as const, columns: [], place: plan.places.source };
  if (codes.length === 0) {
    const expected = 'files that can be read to the last row';
    return [
      {
        ...common,
        id: 'structure',
        expected,
        severity: 'error',
        status: 'pass',
        count: 0,
        share: 0,
        offenders: [],
      },
    ];
  }
  return codes.map((code): RuleResult => {
    const { expected, severity } = STRUCTURE[code];
    const found = files.flatMap((file) =>
      file.faults.filter((fault) => fault.code === code).map((fault) => ({ file: file.path, fault })),
    );
    const count = found.reduce((sum, { fault }) => sum + fault.count, 0);
    return {
      ...common,
      id: `structure.${code}`,
      expected,
      severity,
      status: severity === 'error' ? 'fail' : 'warn',
      count,
      share: shareOf(count, rows),
      offenders: found
        .flatMap(({ file, fault }) => fault.places.map((place): Offender => ({ file, ...place })))
        .slice(0, plan.limit),
    };
  });
}

/** Whether every file has the columns that the contract declares, and only those. */
function columnRules(plan: CheckPlan, files: readonly FileFacts[]): RuleResult[] {
  const readable = files.filter(({ columns }) => columns.length > 0);
  const declared = plan.fields.map(({ name }) => name);
  return [
    ...plan.fields.flatMap((field, index) => missingColumn(plan, readable, field.name, index)),
    ...extraColumns(plan, readable, declared),
    ...columnOrder(plan, readable, declared),
  ];
}

function missingColumn(
  plan: CheckPlan,
  files: readonly FileFacts[],
  name: string,
  index: number,
): RuleResult[] {
  const lacking = files.filter(({ columns }) => !columns.includes(name));
  if (lacking.length === 0) return [];
  return [
    {
      id: `${name}.column`,
      kind: 'columns',
      columns: [name],
      expected: `a column "${name}"`,
      severity: 'error',
      status: 'fail',
      count: lacking.length,
      share: lacking.length / files.length,
      offenders: lacking.map(({ path, columns, headerLine }) => {
        const nearest = didYouMean(
          name,
          columns.filter((column) => !plan.fields.some((field) => field.name === column)),
        );
        const has = columns.length > 12 ? `${columns.slice(0, 12).join(', ')}, …` : columns.join(', ');
        return {
          file: path,
          ...lineOf(headerLine),
          column: name,
          note: nearest === undefined ? `the file has: ${has}` : `did the file's "${nearest}" mean it?`,
        };
      }),
      place: plan.places.field[index]!,
    },
  ];
}

function extraColumns(
  plan: CheckPlan,
  files: readonly FileFacts[],
  declared: readonly string[],
): RuleResult[] {
  const offenders = files.flatMap(({ path, columns, headerLine }) =>
    [...new Set(columns)]
      .filter((column) => !declared.includes(column))
      .map(
        (column): Offender => ({
          file: path,
          ...lineOf(headerLine),
          column,
          note: 'the contract does not name it',
        }),
      ),
  );
  if (plan.extraColumns === 'allow') return [];
  const severity = plan.extraColumns === 'forbid' ? 'error' : 'warning';
  return [
    {
      id: 'extraColumns',
      kind: 'columns',
      columns: [...new Set(offenders.map(({ column }) => column!))],
      expected: 'no column that the contract does not name',
      severity,
      status: offenders.length === 0 ? 'pass' : severity === 'error' ? 'fail' : 'warn',
      count: offenders.length,
      share: 0,
      offenders: offenders.slice(0, plan.limit),
      place: plan.places.fields,
    },
  ];
}

function columnOrder(
  plan: CheckPlan,
  files: readonly FileFacts[],
  declared: readonly string[],
): RuleResult[] {
  if (plan.columnOrder === 'any') return [];
  const offenders = files.flatMap(({ path, columns, headerLine }): Offender[] => {
    const here = columns.filter((column) => declared.includes(column));
    const wanted = declared.filter((name) => columns.includes(name));
    const wrong = here.findIndex((column, index) => column !== wanted[index]);
    if (wrong < 0) return [];
    return [
      {
        file: path,
        ...lineOf(headerLine),
        column: here[wrong]!,
        note: `"${wanted[wrong]}" was expected here`,
      },
    ];
  });
  return [
    {
      id: 'columnOrder',
      kind: 'columns',
      columns: [],
      expected: 'the columns in the order of the contract',
      severity: 'error',
      status: offenders.length === 0 ? 'pass' : 'fail',
      count: offenders.length,
      share: 0,
      offenders,
      place: plan.places.fields,
    },
  ];
}

/** Columns that hold personal data without the contract saying so. */
function privacyRules(plan: CheckPlan, samples: Observation['samples']): RuleResult[] {
  return [...samples].flatMap(([index, values]): RuleResult[] => {
    const { name } = plan.fields[index]!;
    const found = personalDataIn(values, name);
    if (found === undefined) return [];
    return [
      {
        id: `${name}.privacy`,
        kind: 'privacy',
        columns: [name],
        expected: 'no personal data, unless the contract says "sensitive: true" or "sensitive: allowed"',
        severity: 'warning',
        status: 'warn',
        count: 1,
        share: 0,
        actual: `values that look like ${found}`,
        offenders: [],
        place: plan.places.field[index]!,
      },
    ];
  });
}

function lineOf(line: number | undefined): { line?: number } {
  return line === undefined ? {} : { line };
}

function ruleOf(plan: CheckPlan, check: Check, answer: Answer | undefined, rows: number): RuleResult {
  const columns = check.needs.map((index) => plan.fields[index]!.name);
  const common = {
    id: check.id,
    kind: check.kind,
    columns,
    expected: check.expected,
    severity: check.severity,
    place: check.place,
  };
  if (!answer) {
    const note =
      check.ask.how === 'reference'
        ? 'the other dataset, or a column, is not there'
        : 'a column that it needs is not there';
    return { ...common, status: 'skipped', count: 0, share: 0, note, offenders: [] };
  }
  const { ask } = check;
  switch (ask.how) {
    case 'row':
    case 'key':
    case 'reference': {
      const count = answer.value ?? 0;
      const share = shareOf(count, rows);
      const { status, note } = held(count, share, ask.limits, check.severity);
      const offenders = answer.offenders.map((seen) => offenderOf(plan, check, seen));
      return { ...common, status, count, share, ...(note ? { note } : {}), offenders };
    }
    case 'measure': {
      const { minimum = -Infinity, maximum = Infinity } = ask;
      if (answer.value === null)
        return {
          ...common,
          status: 'skipped',
          count: 0,
          share: 0,
          note: 'there are no values',
          offenders: [],
        };
      const fits = answer.value >= minimum && answer.value <= maximum;
      return { ...common, ...whole(fits, check.severity), actual: `${Number(answer.value.toPrecision(12))}` };
    }
    case 'newest': {
      if (answer.value === null)
        return { ...common, ...whole(false, check.severity), actual: 'no date at all' };
      return {
        ...common,
        ...whole(answer.value >= ask.notBefore, check.severity),
        actual: isoTime(answer.value),
      };
    }
  }
}

function whole(
  fits: boolean,
  severity: Severity,
): Pick<RuleResult, 'status' | 'count' | 'share' | 'offenders'> {
  return { status: fits ? 'pass' : broken(severity), count: fits ? 0 : 1, share: 0, offenders: [] };
}

function broken(severity: Severity): 'fail' | 'warn' {
  return severity === 'error' ? 'fail' : 'warn';
}

function held(
  count: number,
  share: number,
  { warn, fail }: { warn: number | undefined; fail: number | undefined },
  severity: Severity,
): { status: RuleResult['status']; note?: string } {
  if (count === 0) return { status: 'pass' };
  if (fail !== undefined && share > fail) return { status: broken(severity) };
  if (warn !== undefined && share > warn) return { status: 'warn' };
  return {
    status: 'pass',
    note: `within the tolerance of ${Number(((fail ?? warn ?? 1) * 100).toPrecision(6))} %`,
  };
}

function offenderOf(plan: CheckPlan, check: Check, seen: SeenOffender): Offender {
  const { ask } = check;
  const shows =
    ask.how === 'row' ? ask.shows : ask.how === 'measure' || ask.how === 'newest' ? [] : (ask.fields ?? []);
  const values = shows.map((index, position) => {
    const field = plan.fields[index]!;
    const value = field.sensitive === true ? '[redacted]' : shortened(seen.shown[position] ?? null);
    return shows.length === 1 ? value : `${field.name}=${value}`;
  });
  const only = shows.length === 1 ? plan.fields[shows[0]!]!.name : undefined;
  return {
    file: seen.file,
    ...(seen.line === undefined ? {} : { line: seen.line }),
    ...(seen.row === undefined ? {} : { row: seen.row }),
    ...(only === undefined ? {} : { column: only }),
    ...(values.length === 0 ? {} : { value: values.join(', ') }),
    ...noteOf(check, seen),
    print: seen.print,
  };
}

function noteOf(check: Check, seen: SeenOffender): { note?: string } {
  if (seen.first) return { note: firstNote(seen) };
  const isLarge = check.kind === 'type' && seen.shown.some((value) => /^[+-]?\d{19,}$/.test(value ?? ''));
  return isLarge ? { note: 'integers have at most 64 bits; for longer ids use the type string' } : {};
}

function firstNote({ file, line, first }: SeenOffender): string {
  const where = `${line === undefined ? 'row' : 'line'} ${first!.position}`;
  return first!.file === file ? `first in ${where}` : `first in ${first!.file}, ${where}`;
}

function shareOf(count: number, rows: number): number {
  return rows === 0 ? 0 : Math.min(1, count / rows);
}

/** Milliseconds since the epoch as ISO text; a Date made from a number reads no clock. */
function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
