import { type ColumnProfile, type FieldType, type TableProfile, WHITE_SPACE } from '@rastro/contract';
import type { TableSource } from '@rastro/usecases';
import { detectDialect } from './detect-dialect.ts';
import { literal } from './opened-file.ts';
import { columnSqlOf, inFolder, type Opened, openTable, typesOf } from './read.ts';
import type { Session } from './session.ts';

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
    for (const [index, { name, type }] of types.entries()) {
      columns.push(
        await profileColumn(
          session,
          { name: source.header === false ? `column_${name}` : name, type: type === 'other' ? 'any' : type },
          columnSqlOf(source, opened, index),
        ),
      );
    }
    const dialect = { ...detected, ...(missing.length === 0 ? {} : { missingValues: ['', ...missing] }) };
    return { dialect, rows: opened.rows, columns };
  });
}

/** Texts that people write where there is no value, and that mean nothing else. */
const MARKS = ['?', '#N/A', 'N/A', 'NaN', 'nan', 'NULL', 'null', '\\N'];
/** Texts that may be a value too: they are taken for a missing one where all other values of the column are numbers or dates. */
const DOUBTFUL_MARKS = ['NA', 'None', '-'];

async function missingMarks(session: Session, source: TableSource, opened: Opened): Promise<string[]> {
  const texts = opened.table.physical.flatMap((physical, index) => (physical === 'text' ? [index] : []));
  if (texts.length === 0) return [];
  const among = [...MARKS, ...DOUBTFUL_MARKS].map(literal).join(', ');
  const row = await session.row(
    `SELECT ${texts.map((index) => `list(DISTINCT _f${index}) FILTER (WHERE _f${index} IN (${among})) AS m${index}`).join(', ')} FROM source`,
  );
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
  const row = await session.row(`SELECT count(*) - count(t) AS missing, count(DISTINCT v) AS distinct_values
    ${isNumeric ? ', min(v)::DOUBLE AS low, max(v)::DOUBLE AS high' : ''}
    ${
      isText
        ? `, max(length(t)) AS longest, min(${SHAPE('t')}) AS first_shape, max(${SHAPE('t')}) AS last_shape,
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
    ...(isText && row.longest !== null ? { longest: Number(row.longest) } : {}),
    ...(isText && row.first_shape !== null && row.first_shape === row.last_shape
      ? { shape: String(row.first_shape) }
      : {}),
    allEmails: row.emails === true,
    allUuids: row.uuids === true,
    allTrimmed: row.trimmed === true,
    ...(values ? { values: values.map((each) => String(each.t)) } : {}),
    sample: sample.map((each) => each.t as string | null),
  };
}
