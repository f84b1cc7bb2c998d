/** A word of a SQL expression that could name a column: where it starts, and whether it stood in double quotes. */
interface Name {
  readonly text: string;
  readonly offset: number;
  readonly quoted: boolean;
  /** Stands where SQL expects the name of a type or of a part of a date: `date '2024-01-31'`, `interval 3 day`, `extract(year from`. */
  readonly isWord: boolean;
}

/** Words of the expression language itself: a column with such a name must be written in double quotes. */
const WORDS = new Set(
  (
    'and or not is null in like ilike similar to between case when then else end true false cast try_cast as distinct from ' +
    'escape interval at collate any all some glob lambda isnull notnull unknown array struct map row ' +
    'substring for overlay placing trim leading trailing both extract ' +
    'current_date current_time current_timestamp localtime localtimestamp with without ' +
    'select where group having order by union limit offset exists over partition window qualify asc desc using on join'
  ).split(' '),
);

/** Names of types and of parts of dates: words where SQL expects one, columns elsewhere. */
const SOFT_WORDS = new Set(
  (
    'year years month months day days hour hours minute minutes second seconds millisecond milliseconds microsecond ' +
    'microseconds week weeks quarter quarters decade decades century centuries dow isodow doy epoch isoyear yearweek ' +
    'boolean bool tinyint smallint integer int bigint hugeint utinyint usmallint uinteger ubigint uhugeint float real ' +
    'double precision decimal numeric varchar text string char date time timestamp timestamptz datetime zone blob uuid json ' +
    'position'
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
  for (const { text, offset, quoted, isWord } of namesIn(expression, byName)) {
    const column = byName.get(text.toLowerCase());
    if (!quoted && (isWord || WORDS.has(text.toLowerCase()))) continue;
    if (column !== undefined) columns.add(column);
    else if (quoted || !SOFT_WORDS.has(text.toLowerCase())) unknown.push({ name: text, offset });
  }
  return { columns: [...columns], unknown };
}

/** The words that stand where a column may stand: not called as a function, not a part of another name, not a type. */
function namesIn(expression: string, declared: ReadonlyMap<string, string>): Name[] {
  const tokens = [...expression.matchAll(TOKEN)].filter(({ 0: text }) => !/^(--|\/\*)/.test(text));
  const parameters = parametersIn(tokens.map(([text]) => text));
  return tokens.flatMap((token, index) => {
    const [text, quoted, plain] = token;
    const name = quoted?.replaceAll('""', '"') ?? plain;
    if (name === undefined) return [];
    const before = tokens[index - 1]?.[0].toLowerCase();
    const after = tokens[index + 1]?.[0];
    const isTypeOrField =
      before === '::' ||
      before === 'as' ||
      before === '.' ||
      before === 'collate' ||
      (parameters.has(name) && !declared.has(name.toLowerCase()));
    if (isTypeOrField || after === '(' || after === '.') return [];
    const isSoft = SOFT_WORDS.has(name.toLowerCase());
    const isWord =
      isSoft && (/^'/.test(after ?? '') || after?.toLowerCase() === 'from' || /^['\d.]/.test(before ?? ''));
    return [{ text: name, offset: token.index, quoted: text.startsWith('"'), isWord }];
  });
}

/** Names that lambdas give to their own parameters: `x -> x > 1`, `(x, i) -> …`, `lambda x, i: …`. */
function parametersIn(tokens: readonly string[]): Set<string> {
  const parameters = new Set<string>();
  const isName = (token: string | undefined) => /^[\p{L}_]/u.test(token ?? '');
  tokens.forEach((token, index) => {
    if (token === '->') {
      const isList = tokens[index - 1] === ')';
      const from = isList ? tokens.lastIndexOf('(', index) : index - 2;
      for (const name of tokens.slice(from + 1, index)) if (isName(name)) parameters.add(name);
    } else if (token.toLowerCase() === 'lambda') {
      for (const name of tokens.slice(index + 1, tokens.indexOf(':', index)))
        if (isName(name)) parameters.add(name);
    }
  });
  return parameters;
}
