import { randomUUID } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type {
  CheckedFile,
  FileFacts,
  Physical,
  StructureFault,
  TableFormat,
  ValueTestName,
} from '@rastro/contract';
import { fault, InputError, place } from '@rastro/fault';
import type { ColumnTests } from './column-tests.ts';
import { type CsvOptions, linesOf, scanCsv } from './csv-file.ts';
import { linesOfJson, scanJson } from './json-file.ts';
import { identifier, literal } from './literals.ts';
import { proveCsv } from './prove-csv.ts';
import { proveParquet } from './prove-parquet.ts';
import type { Session } from './session.ts';
import { isPacked } from './text-file.ts';

/** How files are read, format by format. */
export interface ReadOptions {
  readonly format: TableFormat;
  readonly delimiter: string;
  readonly quote: string;
  readonly comment: string | undefined;
  readonly encoding: string;
  readonly header: boolean;
  readonly trim: boolean;
  /** Structural faults to tell with their place. */
  readonly limit: number;
  /** Tests of the values of columns, by name, which the bytes of the file may prove. */
  readonly tests?: ReadonlyMap<string, ColumnTests>;
  readonly missingValues?: readonly string[];
}

/** How the engine reads values by itself, faster than from text, once it is proven how they are written. */
const QUICK: Record<ColumnTests['kind'], Physical> = {
  text: 'text',
  integer: 'BIGINT',
  number: 'DOUBLE',
  date: 'DATE',
  datetime: 'TIMESTAMP',
};

/** A file whose structure is known, ready to be asked. */
export interface OpenedFile {
  readonly file: CheckedFile;
  readonly facts: FileFacts;
  /** What stands after FROM. */
  readonly relation: string;
  /** SQL of the row number in `relation`, from 1. */
  readonly rowNumber: string;
  /** SQL and type of each column, in the order of `facts.columns`. */
  readonly columns: readonly { readonly sql: string; readonly physical: Physical }[];
  /** Whether places in it are physical lines, or row numbers. */
  readonly counts: 'lines' | 'rows';
  /** What is proven of all values of a column, by its name. */
  readonly proven?: ReadonlyMap<string, ReadonlySet<ValueTestName>>;
  /** Names of the columns that the engine can read as typed: of which the type is proven, and is not text. */
  readonly certain?: ReadonlySet<string>;
  /** The same file with these of the certain columns read as typed. */
  readonly quick?: (names: ReadonlySet<string>) => OpenedFile;
  /** From row numbers to physical lines (or to themselves). */
  locate(rows: readonly number[]): Promise<Map<number, number>>;
}

/** Where copies of files go that the engine cannot be trusted to read as they are. */
export interface Scratch {
  readonly folder: string;
  /** Copy every file, whatever it looks like. */
  readonly always: boolean;
}

const ROW_NUMBER = 'row_number() OVER ()';

/**
 * Finds out the structure of a file.
 * @throws InputError when nothing can be told of it: not there, a pointer, of another format or encoding.
 */
export async function openFile(
  session: Session,
  file: CheckedFile,
  options: ReadOptions,
  scratch: Scratch,
): Promise<OpenedFile> {
  await mustExist(file);
  if (options.format === 'parquet') return openParquet(session, file, options.tests ?? new Map());
  const copies = { ...scratch, always: scratch.always || (await isPacked(file)) };
  switch (options.format) {
    case 'csv':
    case 'tsv':
      return openCsv(file, options, copies);
    case 'jsonl':
    case 'json':
      return openJson(file, options, copies);
  }
}

async function mustExist(file: CheckedFile): Promise<void> {
  try {
    if ((await stat(file.absolute)).isFile()) return;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new InputError(
      fault('data-missing', `there is no file ${file.path}`, place(file.path), 'Check the path.'),
      { cause: error },
    );
  }
  throw new InputError(
    fault('data-missing', `${file.path} is not a file`, place(file.path), 'Give a file, or a glob of files.'),
  );
}

async function openCsv(file: CheckedFile, options: ReadOptions, scratch: Scratch): Promise<OpenedFile> {
  const csv: CsvOptions = {
    dialect: {
      delimiter: options.delimiter.charCodeAt(0),
      quote: options.quote.charCodeAt(0),
      comment: options.comment?.charCodeAt(0),
      trim: options.trim,
    },
    encoding: options.encoding,
    header: options.header,
    limit: options.limit,
  };
  const tests: ReadonlyMap<string, ColumnTests> = options.tests ?? new Map();
  const missingValues = options.missingValues ?? [];
  const plain = scratch.always ? undefined : await proveCsv(file, { ...csv, tests, missingValues });
  const scan = plain ?? (await scanCsv(file, csv));
  const count = scan.facts.columns.length;
  const texts = scan.facts.columns.map(() => 'VARCHAR');
  let relation: string;
  if (scan.isPlain && !scratch.always) {
    relation = readCsv(file.absolute, texts, { ...options, lineEnd: scan.lineEnd, longest: scan.longest });
  } else {
    const copy = join(scratch.folder, `${randomUUID()}.csv`);
    await scanCsv(file, csv, copy);
    relation = readCsv(copy, texts, {
      delimiter: ',',
      quote: '"',
      header: false,
      lineEnd: '\n',
      longest: scan.longest * 3 + 3 * count,
    });
  }
  const text: OpenedFile = {
    file,
    facts: scan.facts,
    relation,
    rowNumber: ROW_NUMBER,
    columns: scan.facts.columns.map((_, index) => ({ sql: `c${index}`, physical: 'text' })),
    counts: 'lines',
    locate: (rows) => linesOf(file, csv, rows),
  };
  if (!plain) return text;
  // The engine takes no text for null that has one of these in it.
  const marks = [options.delimiter, options.quote];
  if (missingValues.some((missing) => marks.some((mark) => missing.includes(mark))))
    return { ...text, proven: plain.proven };
  return {
    ...text,
    proven: plain.proven,
    certain: new Set(
      plain.facts.columns.filter(
        (name) => plain.proven.get(name)?.has('type') && tests.get(name)?.kind !== 'text',
      ),
    ),
    quick(names) {
      const physical = plain.facts.columns.map((name): Physical => {
        const column = names.has(name) ? tests.get(name) : undefined;
        return QUICK[column?.kind ?? 'text'];
      });
      const layout = { ...options, lineEnd: scan.lineEnd, longest: scan.longest };
      const types = physical.map((type) => (type === 'text' ? 'VARCHAR' : type));
      return {
        ...text,
        relation: readCsv(file.absolute, types, { ...layout, nulls: missingValues }),
        columns: physical.map((type, index) => ({ sql: `c${index}`, physical: type })),
      };
    },
  };
}

/** A text that no file has, so that an empty field stays an empty text. The engine wants no delimiter and no quote in it. */
function never(delimiter: string, quote: string): string {
  return [...'\u001f\u0001never'].filter((each) => each !== delimiter && each !== quote).join('');
}

interface CsvLayout {
  readonly delimiter: string;
  readonly quote: string;
  readonly header: boolean;
  readonly lineEnd: '\n' | '\r\n';
  readonly longest: number;
  /** Texts to read as null in every column. Default: none. */
  readonly nulls?: readonly string[];
}

const USUAL_LINE = 1_000_000;
/** Each thread has some of these for each file: large ones alone would be more than a memory limit. A record must fit into one. */
const USUAL_BUFFER = 4_000_000;

function readCsv(
  path: string,
  types: readonly string[],
  { delimiter, quote, header, lineEnd, longest, nulls = [] }: CsvLayout,
): string {
  const columns = types.map((type, index) => `'c${index}': '${type}'`).join(', ');
  const nullTexts = (nulls.length === 0 ? [never(delimiter, quote)] : nulls).map(literal).join(', ');
  return `read_csv(${literal(path)}, auto_detect=false, header=${header}, columns={${columns}}, delim=${literal(delimiter)}, quote=${literal(quote)}, escape=${literal(quote)}, nullstr=[${nullTexts}], new_line='${lineEnd === '\n' ? '\\n' : '\\r\\n'}', max_line_size=${Math.max(USUAL_LINE, longest + 2)}, buffer_size=${Math.max(USUAL_BUFFER, 2 * longest + 4)})`;
}

async function openJson(file: CheckedFile, options: ReadOptions, scratch: Scratch): Promise<OpenedFile> {
  const copy = join(scratch.folder, `${randomUUID()}.jsonl`);
  const scan = await scanJson(file, options, copy, scratch.always);
  const path = scan.isPlain && !scratch.always ? file.absolute : copy;
  return {
    file,
    facts: scan.facts,
    relation: `read_ndjson_objects(${literal(path)}, maximum_object_size=33554432)`,
    rowNumber: ROW_NUMBER,
    columns: scan.facts.columns.map((column) => ({
      sql: `(json -> ${literal(pointer(column))})`,
      physical: 'json',
    })),
    counts: 'lines',
    locate: (rows) => linesOfJson(file, options, rows),
  };
}

/** A JSON Pointer (RFC 6901) to a key. */
function pointer(key: string): string {
  return `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

async function openParquet(
  session: Session,
  file: CheckedFile,
  tests: ReadonlyMap<string, ColumnTests>,
): Promise<OpenedFile> {
  const bare = `read_parquet(${literal(file.absolute)})`;
  try {
    const columns = await session.rows(`DESCRIBE SELECT * FROM ${bare}`);
    const { rows } = await session.row(
      `SELECT num_rows AS rows FROM parquet_file_metadata(${literal(file.absolute)})`,
    );
    const names = columns.map(({ column_name }) => String(column_name));
    const own = await ownNames(session, file, names);
    const twice = own.find((name, index) => own.indexOf(name) < index);
    const faults: StructureFault[] =
      twice === undefined
        ? []
        : [
            {
              code: 'header',
              count: 1,
              places: [{ note: `two columns are named ${JSON.stringify(twice)}` }],
            },
          ];
    const typed = columns.map(({ column_type }, index) => ({
      sql: identifier(names[index]!),
      physical: String(column_type),
    }));
    const provable = typed.map((column, index) => ({ ...column, name: own[index]! }));
    return {
      file,
      facts: { path: file.path, columns: own, rows: Number(rows), dropped: 0, faults },
      relation: `read_parquet(${literal(file.absolute)}, file_row_number=true)`,
      rowNumber: 'file_row_number + 1',
      columns: typed,
      proven: await proveParquet(session, bare, provable, tests),
      counts: 'rows',
      locate: async (rows) => new Map(rows.map((row) => [row, row])),
    };
  } catch (error) {
    throw new InputError(
      fault(
        'data-format',
        `${file.path} cannot be read as Parquet: ${firstLine(error)}`,
        place(file.path),
        'Check that the file is complete and its format is right.',
      ),
      { cause: error },
    );
  }
}

/** The engine renames a column whose name another one has, in whatever letter case: `_1` is put behind it. */
async function ownNames(session: Session, file: CheckedFile, names: readonly string[]): Promise<string[]> {
  const known = new Set(names.map((name) => name.toLowerCase()));
  const isRenamed = names.some((name) => known.has(/^(.*)_\d+$/s.exec(name.toLowerCase())?.[1] ?? ''));
  if (!isRenamed) return [...names];
  const nodes = await session.rows(
    `SELECT name, num_children FROM parquet_schema(${literal(file.absolute)})`,
  );
  const own: string[] = [];
  let inside = 0;
  for (const { name, num_children } of nodes.slice(1)) {
    if (inside === 0) own.push(String(name));
    else inside -= 1;
    inside += Number(num_children ?? 0);
  }
  return own.length === names.length ? own : [...names];
}

export function firstLine(error: unknown): string {
  return (error as Error).message.split('\n')[0]!;
}
