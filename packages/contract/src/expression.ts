/** A word of a SQL expression that could name a column: where it starts, and whether it stood in double quotes. */
interface Name {
  readonly text: string;
  readonly offset: number;
  readonly quoted: boolean;
}

/**
 * Words of the expression language itself, among them names of types and of parts of dates. A column with such a
 * name must be written in double quotes.
 */
const WORDS = new Set(
  (
    'and or not is null in like ilike similar between case when then else end true false cast try_cast as distinct from ' +
    'escape interval at time zone collate any all some glob lambda isnull notnull unknown array struct map row ' +
    'substring for position overlay placing trim leading trailing both extract ' +
    'year years month months day days hour hours minute minutes second seconds millisecond milliseconds microsecond ' +
    'microseconds week weeks quarter quarters decade decades century centuries dow isodow doy epoch isoyear yearweek ' +
    'current_date current_time current_timestamp localtime localtimestamp ' +
    'boolean bool tinyint smallint integer int bigint hugeint utinyint usmallint uinteger ubigint uhugeint float real ' +
    'double precision decimal numeric varchar text string char date timestamp timestamptz datetime blob uuid json with without ' +
    'select from where group having order by union limit offset exists over partition window qualify asc desc using on join'
  ).split(' '),
);

const TOKEN =
  /'(?:[^']|'')*'|"((?:[^"]|"")*)"|--[^\n]*|\/\*[\s\S]*?\*\/|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|([\p{L}_][\p{L}\p{N}_$]*)|::|->|\S/gu;

/** What a SQL expression says of columns. */
export interface Mentions {
  /** Declared columns that it reads, in order of appearance, as they were declared. */
  readonly columns: readonly string[];
  /** Names in it that are no declared column, no word of SQL and no function. */
  readonly unknown: readonly { readonly name: string; readonly offset: number }[];
}

/** Finds the columns that a SQL expression mentions. Names are compared as SQL does it: letter case does not count. */
export function mentionsOf(expression: string, declared: readonly string[]): Mentions {
  const columns = new Set<string>();
  const unknown: { name: string; offset: number }[] = [];
  const byName = new Map(declared.map((name) => [name.toLowerCase(), name]));
  for (const { text, offset, quoted } of namesIn(expression)) {
    const column = byName.get(text.toLowerCase());
    if (column !== undefined && (quoted || !WORDS.has(text.toLowerCase()))) columns.add(column);
    else if (quoted || !WORDS.has(text.toLowerCase())) unknown.push({ name: text, offset });
  }
  return { columns: [...columns], unknown };
}

/** The words that stand where a column may stand: not called as a function, not a part of another name, not a type. */
function namesIn(expression: string): Name[] {
  const tokens = [...expression.matchAll(TOKEN)].filter(({ 0: text }) => !/^(--|\/\*)/.test(text));
  // A lambda's own parameter looks like a column, and only the engine knows better.
  const hasLambda = tokens.some(({ 0: text }) => text === '->' || text.toLowerCase() === 'lambda');
  if (hasLambda) return [];
  return tokens.flatMap((token, index) => {
    const [text, quoted, plain] = token;
    const name = quoted?.replaceAll('""', '"') ?? plain;
    if (name === undefined) return [];
    const before = tokens[index - 1]?.[0].toLowerCase();
    const after = tokens[index + 1]?.[0];
    const isTypeOrField = before === '::' || before === 'as' || before === '.';
    if (isTypeOrField || after === '(' || after === '.') return [];
    return [{ text: name, offset: token.index, quoted: text.startsWith('"') }];
  });
}
