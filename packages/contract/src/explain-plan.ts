import type { CheckPlan } from './check-plan.ts';
import { type Physical, sqlType } from './column-sql.ts';
import { Scans } from './scans.ts';

/**
 * A plan in words and SQL, for people: what is asked, and the scans that ask it. Columns are taken to be there, and those of
 * Parquet to have the type of their field.
 */
export function explainPlan(plan: CheckPlan): string {
  const { checks, source } = plan;
  const scans = new Scans(plan, { physical: physicalOf(plan), partial: [], extras: 0 });
  const files = source.files.map(({ path }) => path).join(', ');
  const unique = scans.uniqueKeys;
  const names = (indexes: readonly number[]) => indexes.map((index) => checks[index]!.id).join(', ');
  const references = scans.asked.filter((index) => checks[index]!.ask.how === 'reference');
  const overRows = scans.asked.filter((index) => checks[index]!.ask.how === 'row');
  const isDoubted = source.format === 'parquet' && checks.some(({ ask }) => ask.how === 'row' && ask.doubt);
  return [
    `Contract ${plan.contract} over ${files || 'no files'} (${source.format}).`,
    '',
    'Checks (k<i> in the SQL is check i):',
    ...checks.map(({ id, expected, severity }, index) => `  ${index}. ${id}: ${expected} (${severity})`),
    '',
    ...firstPass(plan),
    'One scan for everything but keys:',
    '',
    scans.fused(),
    ...(isDoubted ? ['', 'Where d<i> is true some row may break check i: one more scan counts them.'] : []),
    ...(unique.length === 0
      ? []
      : [
          '',
          `One scan for the hashes of keys, in h<i>, which are all different where the keys are: ${names(unique)}`,
          '',
          scans.hashes(unique),
          '',
          'Only where hashes repeat, a scan for the keys themselves. Keys that are too many for the memory are asked part by part.',
        ]),
    ...references.flatMap((index) => ['', `One scan for ${names([index])}:`, '', scans.keys(index)]),
    ...(overRows.length === 0
      ? []
      : ['', 'Only on a breach, one scan for the rows that break a check:', '', scans.lines(overRows)]),
    '',
  ].join('\n');
}

function physicalOf({ fields, source }: CheckPlan): Physical[] {
  switch (source.format) {
    case 'parquet':
      return fields.map(({ type }) => sqlType(type));
    case 'json':
    case 'jsonl':
      return fields.map(() => 'json');
    case 'csv':
    case 'tsv':
      return fields.map(() => 'text');
  }
}

/** Parquet says itself how many rows it has; of all else the bytes are read before the SQL is asked. */
function firstPass({ checks, source }: CheckPlan): string[] {
  if (source.format === 'parquet')
    return [
      'First the counts and the extremes of columns are asked for, which Parquet has without a scan. What they prove of numbers, days',
      'and times (that they are there, are of their type, are in their range) is left out of the SQL.',
      '',
    ];
  const isDelimited = source.format === 'csv' || source.format === 'tsv';
  const canProve = isDelimited && source.header && !source.trim && source.encoding === 'utf-8';
  const provable = checks.filter(({ ask }) => canProve && ask.how === 'row' && ask.value);
  return [
    'First the bytes of every file are read: they tell its structure, and how many rows the scans must find.',
    ...(provable.length === 0
      ? []
      : [
          'Of a file without faults of structure they may also prove, for all values of a column, that these checks hold:',
          `  ${provable.map(({ id }) => id).join(', ')}.`,
          'What is proven is left out of the SQL, and where the type is, the column is read as typed, not from text.',
        ]),
    '',
  ];
}
