import { didYouMean } from '@rastro/document';
import type { CheckPlan } from './check-plan.ts';
import type { Offender, RuleResult } from './check-result.ts';
import type { FileFacts } from './data-facts.ts';

/** Whether every file has the columns that the contract declares, and only those. */
export function columnRules(plan: CheckPlan, files: readonly FileFacts[]): RuleResult[] {
  const readable = files.filter(({ columns }) => columns.length > 0);
  const declared = plan.fields.map(({ name }) => name);
  return [
    ...plan.fields.flatMap((field, index) => missingColumn(plan, readable, field.name, index)),
    ...extraColumns(plan, readable, declared),
    ...columnOrder(plan, readable, declared),
  ];
}

/** A first row that names no column is probably one of values, which must not be shown where some are sensitive. */
function mayBeData({ fields }: CheckPlan, columns: readonly string[]): boolean {
  return (
    fields.some(({ sensitive }) => sensitive === true) &&
    !columns.some((column) => fields.some(({ name }) => name === column))
  );
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
        if (mayBeData(plan, columns)) return { file: path, ...lineOf(headerLine), column: name };
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
  const offenders = files.flatMap(({ path, columns, headerLine }): Offender[] =>
    (mayBeData(plan, columns) ? [] : [...new Set(columns)])
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

function lineOf(line: number | undefined): { line?: number } {
  return line === undefined ? {} : { line };
}
