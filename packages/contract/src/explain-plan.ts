import type { CheckPlan } from './check-plan.ts';
import { Scans } from './scans.ts';

/**
 * A plan in words and SQL, for people: what is asked, and the scans that ask it. Columns are taken to be there; those of
 * Parquet are read with their own types, and not from text as it is shown here.
 */
export function explainPlan(plan: CheckPlan): string {
  const physical = plan.fields.map(() => (plan.source.format.startsWith('json') ? 'json' : 'text'));
  const scans = new Scans(plan, { physical, partial: [], extras: 0 });
  const files = plan.source.files.map(({ path }) => path).join(', ');
  const keys = plan.checks.flatMap((check, index) =>
    (check.ask.how === 'key' && !scans.sharedKeys.includes(index)) ||
    (check.ask.how === 'reference' && scans.asked.includes(index))
      ? [{ check, index }]
      : [],
  );
  const overRows = scans.asked.filter((index) => plan.checks[index]!.ask.how === 'row');
  return [
    `Contract ${plan.contract} over ${files || 'no files'} (${plan.source.format}).`,
    '',
    'Checks (k<i> in the SQL is check i):',
    ...plan.checks.map(({ id, expected, severity }, index) => `  ${index}. ${id}: ${expected} (${severity})`),
    '',
    'One scan for everything but keys:',
    '',
    scans.fused(),
    ...(scans.sharedKeys.length === 0
      ? []
      : [
          '',
          `One scan for ${scans.sharedKeys.map((index) => plan.checks[index]!.id).join(', ')}:`,
          '',
          scans.manyKeys(scans.sharedKeys),
        ]),
    ...keys.flatMap(({ check, index }) => ['', `One scan for ${check.id}:`, '', scans.keys(index)]),
    ...(overRows.length === 0
      ? []
      : ['', 'Only on a breach, one scan for the rows that break a check:', '', scans.lines(overRows)]),
    '',
  ].join('\n');
}
