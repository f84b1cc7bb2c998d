import {
  type ColumnProfile,
  type FieldType,
  keyCandidates,
  type TableProfile,
  WHITE_SPACE,
} from '@rastro/contract';
import type { TableSource } from '@rastro/usecases';
import { typesOf } from './column-types.ts';
import { detectDialect } from './detect-dialect.ts';
import { literal } from './literals.ts';
import { columnSqlOf, inFolder, type Opened, openTable } from './open-table.ts';
import type { JsonRow, Session } from './session.ts';
import { type Writing, writingsOf } from './writing.ts';

/** Measures every column, exactly and over all rows, in the way that the files turn out to be written. */
export async function profileTable(
  session: Session,
  given: TableSource,
  tempDirectory: string,
): Promise<TableProfile> {
  return inFolder(tempDirectory, async (scratch) => {
    const detected = await detectDialect(given);
    const asked = { ...given, ...detected };
    const opened = await openTable(session, asked, scratch);
    const missing = given.missingValues === undefined ? await missingMarks(session, asked, opened) : [];
    const source = missing.length === 0 ? asked : { ...asked, missingValues: ['', ...missing] };
    const types = await typesOf(session, source, opened);
    const columns: ColumnProfile[] = [];
    const values: string[] = [];
    const writings = await writingsOf(session, source, { opened, types });
    for (const [index, { name, type }] of types.entries()) {
      const { marks, ...written } = {
        type: type === 'other' ? 'any' : type,
        ...writings.get(index),
      } as Writing;
      const sqlOf = columnSqlOf(source, opened, index, marks);
      values.push(sqlOf(written.type).value);
      columns.push({
        ...(await profileColumn(
          session,
          { name: source.header === false ? `column_${name}` : name, type: written.type },
          sqlOf,
        )),
        ...marks,
      });
    }
    const dialect = { ...detected, ...(missing.length === 0 ? {} : { missingValues: ['', ...missing] }) };
    const candidates = keyCandidates(columns, opened.rows);
    const key = await firstKey(
      session,
      candidates.map((parts) => ({ parts, values: parts.map((index) => values[index]!) })),
    );
    return { dialect, rows: opened.rows, columns, ...(key ? { compositeKey: key } : {}) };
  });
}

/** Few rows tell most candidates off. */
const FIRST_ROWS = 50_000;

async function firstKey(
  session: Session,
  candidates: readonly { parts: number[]; values: readonly string[] }[],
): Promise<number[] | undefined> {
  for (const { parts, values } of candidates) {
    const named = values.map((value, position) => `${value} AS k${position}`).join(', ');
    const keys = values.map((_, position) => `k${position}`).join(', ');
    const isUnique = async (limit: string) => {
      const { all_rows, keys: distinct } = await session.row(
        `SELECT count(*) AS all_rows, count(DISTINCT (${keys})) AS keys FROM (SELECT ${named} FROM source ${limit})`,
      );
      return all_rows === distinct;
    };
    if ((await isUnique(`LIMIT ${FIRST_ROWS}`)) && (await isUnique(''))) return parts;
  }
  return undefined;
}

/** Texts that people write where there is no value, and that mean nothing else. */
const MARKS = ['?', '#N/A', 'N/A', 'NaN', 'nan', 'NULL', 'null', '\\N'];
/** Texts that may be a value too: they are taken for a missing one where all other values of the column are numbers or dates. */
const DOUBTFUL_MARKS = ['NA', 'None', '-'];

async function missingMarks(session: Session, source: TableSource, opened: Opened): Promise<string[]> {
  const texts = opened.table.physical.flatMap((physical, index) => (physical === 'text' ? [index] : []));
  if (texts.length === 0) return [];
  const among = [...MARKS, ...DOUBTFUL_MARKS].map(literal).join(', ');
  const lists = texts.map((index) => {
    const { text } = columnSqlOf(source, opened, index)('any');
    return `list(DISTINCT ${text}) FILTER (WHERE ${text} IN (${among})) AS m${index}`;
  });
  const row = await session.row(`SELECT ${lists.join(', ')} FROM source`);
  const seen = texts.map((index) => ({ index, marks: (row[`m${index}`] ?? []) as string[] }));
  const marked = seen.filter(({ marks }) => marks.length > 0);
  if (marked.length === 0) return [];
  const all = [...new Set(marked.flatMap(({ marks }) => marks))];
  const types = await typesOf(session, { ...source, missingValues: ['', ...all] }, opened);
  const found = marked.flatMap(({ index, marks }) =>
    marks.filter((mark) => MARKS.includes(mark) || types[index]!.type !== 'string'),
  );
  return [...new Set(found)].sort();
}

const SHAPE = (t: string) =>
  `regexp_replace(regexp_replace(regexp_replace(${t}, '[A-Z]', 'A', 'g'), '[a-z]', 'a', 'g'), '[0-9]', '9', 'g')`;
const LOOSE_SHAPE = (t: string) =>
  `regexp_replace(regexp_replace(regexp_replace(${t}, '[A-Z]+', 'A', 'g'), '[a-z]+', 'a', 'g'), '[0-9]+', '9', 'g')`;
const URL_OF_THE_WEB = 'https?://[^\\s]+';
const EMAIL =
  '[^\\s@,;]+@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)+';
const UUID = '[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}';
const FEW_VALUES = 20;

async function profileColumn(
  session: Session,
  { name, type }: { name: string; type: FieldType },
  sqlOf: (type: FieldType) => { text: string; value: string },
): Promise<ColumnProfile> {
  const t = `${sqlOf('any').text}::VARCHAR`;
  const v = sqlOf(type).value;
  const isNumeric = type === 'integer' || type === 'number';
  const isText = type === 'string' || type === 'any';
  const isTime = type === 'date' || type === 'datetime' || type === 'time';
  const row = await session.row(`SELECT count(*) - count(t) AS missing, count(DISTINCT v) AS distinct_values
    ${isNumeric ? ', min(v)::DOUBLE AS low, max(v)::DOUBLE AS high' : ''}
    ${isTime ? ', arg_min(t, v) AS earliest, arg_max(t, v) AS latest' : ''}
    ${
      isText
        ? `, max(length(t)) AS longest, min(${SHAPE('t')}) AS first_shape, max(${SHAPE('t')}) AS last_shape,
      min(${LOOSE_SHAPE('t')}) AS first_loose, max(${LOOSE_SHAPE('t')}) AS last_loose,
      coalesce(bool_and(regexp_full_match(t, '${URL_OF_THE_WEB}')), false) AS urls,
      coalesce(bool_and(regexp_full_match(t, '${EMAIL}')), false) AS emails,
      coalesce(bool_and(regexp_full_match(t, '${UUID}')), false) AS uuids,
      coalesce(bool_and(t = trim(t, ${WHITE_SPACE})), false) AS trimmed`
        : ''
    }
    FROM (SELECT ${t} AS t, ${v} AS v FROM source)`);
  const distinct = Number(row.distinct_values);
  const values =
    isText && distinct <= FEW_VALUES
      ? await session.rows(`SELECT DISTINCT ${t} AS t FROM source WHERE ${t} IS NOT NULL ORDER BY t`)
      : undefined;
  const sample = await session.rows(`SELECT ${t} AS t FROM numbered LIMIT 1000`);
  return {
    name,
    type,
    missing: Number(row.missing),
    distinct,
    ...(isNumeric && row.low !== null ? { minimum: Number(row.low), maximum: Number(row.high) } : {}),
    ...(isTime && row.earliest !== null ? { earliest: `${row.earliest}`, latest: `${row.latest}` } : {}),
    ...(isText && row.longest !== null ? { longest: Number(row.longest) } : {}),
    ...shapesOf(row),
    allEmails: row.emails === true,
    allUuids: row.uuids === true,
    allUrls: row.urls === true,
    allTrimmed: row.trimmed === true,
    ...(values ? { values: values.map((each) => String(each.t)) } : {}),
    sample: sample.map((each) => each.t as string | null),
  };
}

/** Those shapes that all values have. */
function shapesOf(row: JsonRow): Pick<ColumnProfile, 'shape' | 'looseShape'> {
  const common = (first: unknown, last: unknown) =>
    typeof first === 'string' && first === last ? first : undefined;
  const shape = common(row.first_shape, row.last_shape);
  const looseShape = common(row.first_loose, row.last_loose);
  return { ...(shape !== undefined && { shape }), ...(looseShape !== undefined && { looseShape }) };
}
