import type { Physical, ValueTest, ValueTestName } from '@rastro/contract';
import type { ColumnTests } from './column-tests.ts';
import { literal } from './literals.ts';
import type { Session } from './session.ts';

const INTEGERS = /^U?(TINY|SMALL|BIG)?INT(EGER)?$/;
const FRACTIONS = /^(FLOAT|DOUBLE|DECIMAL\(.*\))$/;

/**
 * What the counts and the smallest and largest values of a file's columns prove, by the column's name. Asked for nothing else, the
 * engine takes these from the statistics that the file has, and reads no column.
 */
export async function proveParquet(
  session: Session,
  relation: string,
  columns: readonly { readonly name: string; readonly sql: string; readonly physical: Physical }[],
  tests: ReadonlyMap<string, ColumnTests>,
): Promise<Map<string, Set<ValueTestName>>> {
  const proofs = columns.flatMap(({ name, sql: column, physical }) => {
    const asked = tests.get(name);
    if (!asked) return [];
    return asked.tests.flatMap((test) => {
      const sql = proofOf(test, asked, { column, physical });
      return sql === undefined ? [] : [{ name, test: test.test, sql }];
    });
  });
  const proven = new Map<string, Set<ValueTestName>>();
  if (proofs.length === 0) return proven;
  const select = proofs.map(({ sql }, index) => `(${sql}) AS p${index}`).join(', ');
  // What fails here fails again in the scan of the rows, which tells it better.
  const row = await session.row(`SELECT ${select} FROM ${relation}`).catch(() => undefined);
  if (!row) return proven;
  for (const [index, { name, test }] of proofs.entries()) {
    // Of no values at all whatever is asked holds.
    if (row[`p${index}`] === false) continue;
    proven.set(name, (proven.get(name) ?? new Set()).add(test));
  }
  return proven;
}

/** SQL that is not false when all values pass the test; undefined where counts and extremes do not tell. */
function proofOf(
  test: ValueTest,
  { kind, texts }: ColumnTests,
  { column, physical }: { column: string; physical: Physical },
): string | undefined {
  const isWhole = INTEGERS.test(physical);
  const isTime =
    (kind === 'date' && physical === 'DATE') || (kind === 'datetime' && physical === 'TIMESTAMP');
  const isNumber = kind === 'number' && (isWhole || FRACTIONS.test(physical));
  switch (test.test) {
    case 'present':
      return isWhole || isTime || isNumber ? `count(*) = count(${column})` : undefined;
    case 'type':
      if (isTime) return `isfinite(min(${column})) AND isfinite(max(${column}))`;
      if (isWhole && (kind === 'integer' || kind === 'number')) return 'true';
      return physical === 'BOOLEAN' && texts !== undefined ? 'true' : undefined;
    case 'range':
      return isTime || isNumber || (isWhole && kind === 'integer') ? rangeOf(test, kind, column) : undefined;
    default:
      return undefined;
  }
}

function rangeOf(test: ValueTest & { test: 'range' }, kind: ColumnTests['kind'], column: string): string {
  const bounds = [
    [test.minimum, `min(${column}) >=`],
    [test.exclusiveMinimum, `min(${column}) >`],
    [test.maximum, `max(${column}) <=`],
    [test.exclusiveMaximum, `max(${column}) <`],
  ] as const;
  return bounds
    .flatMap(([bound, holds]) => (bound === undefined ? [] : [`${holds} ${boundOf(bound, kind)}`]))
    .join(' AND ');
}

function boundOf(bound: string | number, kind: ColumnTests['kind']): string {
  switch (kind) {
    case 'date':
      return `DATE ${literal(`${bound}`)}`;
    case 'datetime':
      return `TIMESTAMP ${literal(`${bound}`.replace(/Z$/, ''))}`;
    case 'number':
      return `${literal(`${bound}`)}::DOUBLE`;
    case 'integer':
    case 'text':
      return `${bound}`;
  }
}
