import type { Severity } from '@rastro/fault';
import type { CheckPlan } from './check-plan.ts';
import { type Offender, type RuleResult, shareOf } from './check-result.ts';
import type { FileFacts, StructureCode } from './data-facts.ts';

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

/** Whether every file could be read to its last row. */
export function structureRules(plan: CheckPlan, files: readonly FileFacts[], rows: number): RuleResult[] {
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
