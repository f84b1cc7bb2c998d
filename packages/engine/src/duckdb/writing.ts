import type { FieldType } from '@rastro/contract';
import type { ColumnDescription, TableSource } from '@rastro/usecases';
import { columnSqlOf, type Opened } from './open-table.ts';
import type { Session } from './session.ts';

/** What a column of texts turns out to be when one looks at how its values are written. */
export interface Writing {
  readonly type: FieldType;
  /** Separators of its numbers, where they are unusual. */
  readonly marks?: { readonly decimalChar?: string; readonly groupChar?: string };
}

const NUMBER_LIKE = ['integer', 'number', 'string'];
const COMMA_GROUPS = '[+-]?([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\\.[0-9]*)?';
const COMMA_DECIMALS = '[+-]?([0-9]+|[0-9]{1,3}(\\.[0-9]{3})+)(,[0-9]*)?';

/**
 * Columns that their values' types do not tell whole: `00501` is a code, not the number 501; so is what 64 bits do not hold;
 * and `1,234.5` or `1.234,5` throughout are numbers with other separators.
 */
export async function writingsOf(
  session: Session,
  source: TableSource,
  { opened, types }: { opened: Opened; types: readonly ColumnDescription[] },
): Promise<Map<number, Writing>> {
  const asked = types.flatMap(({ type }, index) =>
    opened.table.physical[index] === 'text' && NUMBER_LIKE.includes(type) ? [{ type, index }] : [],
  );
  const writings = new Map<number, Writing>();
  if (asked.length === 0) return writings;
  const measures = asked.flatMap(({ index, type }) => {
    const { text } = columnSqlOf(source, opened, index)('any');
    if (type !== 'string') {
      return [
        `bool_or(regexp_full_match(${text}, '[+-]?0[0-9]+')) AS zeros${index}`,
        `bool_and(regexp_full_match(${text}, '[+-]?[0-9]+')) AS whole${index}`,
      ];
    }
    return [
      `bool_and(regexp_full_match(${text}, '${COMMA_GROUPS}')) AS groups${index}`,
      `bool_and(regexp_full_match(${text}, '${COMMA_DECIMALS}')) AS decimals${index}`,
      `bool_or(contains(${text}, ',')) AS commas${index}`,
      `bool_or(contains(${text}, '.')) AS points${index}`,
    ];
  });
  const row = await session.row(`SELECT ${measures.join(', ')} FROM source`);
  for (const { type, index } of asked) {
    const is = (measure: string) => row[`${measure}${index}`] === true;
    if (type !== 'string') {
      if (is('zeros') || (type === 'number' && is('whole'))) writings.set(index, { type: 'string' });
      continue;
    }
    if (!is('commas')) continue;
    // What `1,234` is where nothing else tells, the delimiter tells: who writes decimals with a comma delimits by something else.
    const isEuropean = is('decimals') && (!is('groups') || source.delimiter === ';');
    if (isEuropean) {
      const groupChar = is('points') ? { groupChar: '.' } : {};
      writings.set(index, { type: 'number', marks: { decimalChar: ',', ...groupChar } });
    } else if (is('groups')) {
      writings.set(index, { type: is('points') ? 'number' : 'integer', marks: { groupChar: ',' } });
    }
  }
  return writings;
}
