import type { ColumnProfile } from './infer.ts';
import type { FieldType } from './schema.ts';

/** From fewer rows nothing is inferred that could be chance: keys, enums, shapes. */
export const FEWEST_ROWS = 20;

const KEY_TYPES: readonly FieldType[] = ['string', 'integer', 'date', 'datetime'];

type Column = Pick<ColumnProfile, 'name' | 'type' | 'missing' | 'distinct' | 'minimum' | 'maximum'>;

/** The column that tells rows apart by its name or its place, where there is one. */
export function keyColumn<C extends Column>(columns: readonly C[], rows: number): C | undefined {
  return columns.find((column) => isKey(column, rows) && isIdName(column.name)) ?? firstKey(columns[0], rows);
}

export function isKey({ type, distinct, missing }: Column, rows: number): boolean {
  return KEY_TYPES.includes(type) && missing === 0 && distinct === rows && rows >= FEWEST_ROWS;
}

export function isIdName(name: string): boolean {
  return /(^|[_\W])(id|key|code|uuid|number|no)$/i.test(name) || /[a-z](Id|ID|Key|Code)$/.test(name);
}

/** The first column often tells rows apart; but words that happen to differ, and measurements, are no key. */
function firstKey<C extends Column>(column: C | undefined, rows: number): C | undefined {
  if (!column || !isKey(column, rows)) return undefined;
  const { type, name, minimum = 0, maximum = 0 } = column;
  if (type === 'integer') return maximum - minimum < 2 * rows ? column : undefined;
  return type === 'string' && isProse(name) ? undefined : column;
}

function isProse(name: string): boolean {
  return /name|title|text|description|comment|address|note|message/i.test(name);
}

const MOST_PAIRS = 12;
const MOST_TRIPLES = 6;
/** Pairs of equal rows that there would be if the columns had nothing to do with each other. With fewer, that none is equal says little. */
const FEWEST_BY_CHANCE = 3;

/**
 * Two or three columns that may tell rows apart together, likeliest first: ids and times, and what stands first in the table. Empty
 * where one column does so alone. There are but a few, as to try each costs a pass over the rows.
 */
export function keyCandidates(columns: readonly Column[], rows: number): number[][] {
  if (rows < FEWEST_ROWS || keyColumn(columns, rows)) return [];
  const parts = columns.flatMap((column, index) => {
    const rank = rankOf(column, index, rows);
    return rank === undefined ? [] : [{ index, rank, distinct: column.distinct }];
  });
  const told = (group: readonly Part[]): boolean => {
    const cells = group.reduce((product, { distinct }) => product * distinct, 1);
    const isMeant = group.some(({ rank }) => rank < PLACE);
    return isMeant && cells >= rows && (rows * rows) / (2 * cells) >= FEWEST_BY_CHANCE;
  };
  const best = (groups: readonly Part[][], most: number) =>
    groups
      .filter(told)
      .sort((a, b) => weight(a) - weight(b))
      .slice(0, most);
  const pairs = parts.flatMap((one, at) => parts.slice(at + 1).map((other) => [one, other]));
  const triples = parts.flatMap((one, at) =>
    parts.slice(at + 1).flatMap((two, next) => parts.slice(at + next + 2).map((three) => [one, two, three])),
  );
  return [...best(pairs, MOST_PAIRS), ...best(triples, MOST_TRIPLES)].map((group) =>
    group.map(({ index }) => index),
  );
}

interface Part {
  readonly index: number;
  readonly rank: number;
  readonly distinct: number;
}

const [ID, TIME, PLACE] = [0, 1, 2];

/** Which part of a key a column may be; undefined for none. */
function rankOf(column: Column, index: number, rows: number): number | undefined {
  const { name, type, missing, distinct } = column;
  if (!KEY_TYPES.includes(type) || missing > 0 || distinct < 2 || distinct === rows) return undefined;
  if (isIdName(name)) return ID;
  const isTime = type === 'date' || type === 'datetime';
  if (
    isTime ||
    /(^|[_\W])(year|quarter|month|week|day|date|hour|period|line|seq|sequence|version)$/i.test(name)
  )
    return TIME;
  return index < 2 && !isProse(name) ? PLACE : undefined;
}

/** Ids before times before places; among those alike, what stands further to the front. */
function weight(group: readonly Part[]): number {
  return group.reduce((sum, { rank, index }) => sum + 1000 * rank + index, 0);
}
