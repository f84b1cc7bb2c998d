import type { CheckPlan, FileFacts } from '@rastro/contract';
import { literal } from './literals.ts';
import type { OpenedFile } from './opened-file.ts';

/**
 * A file with its columns under the names that the contract has for them: without a header they go by position, and what the
 * path says of a partition is a column too.
 */
export function withNames(plan: CheckPlan, opened: OpenedFile): OpenedFile {
  return withPartitions(plan, { ...opened, facts: namedFacts(plan, opened.facts) });
}

function namedFacts(plan: CheckPlan, facts: FileFacts): FileFacts {
  const isDelimited = plan.source.format === 'csv' || plan.source.format === 'tsv';
  if (!isDelimited || facts.columns.length === 0) return facts;
  if (!plan.source.header) {
    const columns = facts.columns.map((position, index) => plan.fields[index]?.name ?? `column ${position}`);
    return { ...facts, columns };
  }
  const note = whyNoHeader(plan, facts.columns);
  if (note === undefined) return facts;
  const places = [{ line: facts.headerLine ?? 1, note }];
  return { ...facts, faults: [...facts.faults, { code: 'header', count: 1, places }] };
}

const DELIMITERS = [',', ';', '\t', '|'];

/** A header that names none of the columns is probably none, or read in the wrong way. */
function whyNoHeader({ fields, source }: CheckPlan, columns: readonly string[]): string | undefined {
  const bare = (name: string) =>
    name
      .trim()
      .replace(/^"(.*)"$/, '$1')
      .toLowerCase();
  const wanted = new Set(fields.map(({ name }) => bare(name)));
  const isNamed = (names: readonly string[]) => names.some((name) => wanted.has(bare(name)));
  // Names that differ in letter case or white space are told column by column.
  if (isNamed(columns)) return undefined;
  const line = columns.join(source.delimiter);
  const other = DELIMITERS.find(
    (delimiter) =>
      delimiter !== source.delimiter && line.includes(delimiter) && isNamed(line.split(delimiter)),
  );
  if (other !== undefined)
    return `the header names the columns when it is split at ${JSON.stringify(other)}: set source.delimiter to ${JSON.stringify(other)}`;
  if (/^sep=/.test(line)) return 'the first row is a hint for a spreadsheet, not the header: take it out';
  if (source.comment === undefined && /^[#%]/.test(line))
    return `the first row names none of the columns; if it is a comment, set source.comment to ${JSON.stringify(line[0])}`;
  return 'the first row names none of the columns; if it is data, set "header: false" in the source of the contract';
}

/** What a writer of partitions puts for a missing value. */
const NO_VALUE = '__HIVE_DEFAULT_PARTITION__';

/** Folders such as `year=2024` are columns whose value is the same in the whole file, for the fields that it does not have itself. */
function withPartitions({ fields }: CheckPlan, opened: OpenedFile): OpenedFile {
  const { facts, columns } = opened;
  if (facts.columns.length === 0) return opened;
  const said = partitionsOf(facts.path).filter(
    ([name]) => fields.some((field) => field.name === name) && !facts.columns.includes(name),
  );
  if (said.length === 0) return opened;
  const more = said.map(([, value]) => ({
    sql: value === NO_VALUE ? 'NULL::VARCHAR' : `${literal(value)}::VARCHAR`,
    physical: 'text' as const,
  }));
  const { quick } = opened;
  return {
    ...opened,
    facts: { ...facts, columns: [...facts.columns, ...said.map(([name]) => name)] },
    columns: [...columns, ...more],
    ...(quick && {
      quick: (names) => {
        const fast = quick(names);
        const all = {
          ...fast,
          facts: { ...facts, columns: [...facts.columns, ...said.map(([name]) => name)] },
        };
        return { ...all, columns: [...fast.columns, ...more] };
      },
    }),
  };
}

function partitionsOf(path: string): [name: string, value: string][] {
  return path
    .split('/')
    .slice(0, -1)
    .flatMap((folder): [string, string][] => {
      const [, name, value] = /^([^=]+)=(.*)$/.exec(folder) ?? [];
      return name === undefined ? [] : [[unescaped(name), unescaped(value!)]];
    });
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
