import type { Severity } from '@rastro/fault';
import type { Check, CheckPlan } from './check-plan.ts';
import { type CheckResult, type Offender, type RuleResult, shareOf } from './check-result.ts';
import { columnRules } from './column-rules.ts';
import type { Answer, Observation, SeenOffender } from './data-facts.ts';
import { personalDataIn } from './personal-data.ts';
import { shortened } from './shown-value.ts';
import { structureRules } from './structure-rules.ts';
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
  const isSensitive = check.needs.some((index) => plan.fields[index]!.sensitive === true);
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
          note: 'there are too few values',
          offenders: [],
        };
      const fits = answer.value >= minimum && answer.value <= maximum;
      // A quantile is a value of the column.
      const actual =
        isSensitive && ask.measure.startsWith('quantile')
          ? REDACTED
          : `${Number(answer.value.toPrecision(12))}`;
      return { ...common, ...whole(fits, check.severity), actual };
    }
    case 'newest': {
      if (answer.value === null)
        return { ...common, ...whole(false, check.severity), actual: 'no date at all' };
      return {
        ...common,
        ...whole(answer.value >= ask.notBefore, check.severity),
        actual: isSensitive ? REDACTED : isoTime(answer.value),
      };
    }
  }
}

const REDACTED = '[redacted]';

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
    const value = field.sensitive === true ? REDACTED : shortened(seen.shown[position] ?? null);
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

/** Milliseconds since the epoch as ISO text; a Date made from a number reads no clock. */
function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
