import type { Check, CheckPlan } from './check-plan.ts';
import { looseCast, type Physical, presentText, sqlType, typedValue } from './column-sql.ts';
import * as sql from './sql.ts';

/** What the data turned out to have, which the SQL of a plan depends on. */
export interface DataShape {
  /** For each field of the plan what it is in the files; undefined when no file has it. */
  readonly physical: readonly (Physical | undefined)[];
  /** Fields that some files have and others lack: in rows of the latter nothing is asked of them. */
  readonly partial: readonly number[];
  /** How many columns there are that the contract does not name. */
  readonly extras: number;
  /** Positions of the checks that are known to hold, which need not be asked. Default: none. */
  readonly proven?: ReadonlySet<number>;
}

/** A part of all keys, told by their hash: what is too much for the memory at once is asked part by part. */
export interface KeyPart {
  readonly part: number;
  readonly parts: number;
  /** Only keys with one of these hashes. */
  readonly among?: readonly bigint[];
}

const WHOLE: KeyPart = { part: 0, parts: 1 };

function inPart(columns: readonly string[], { part, parts, among }: KeyPart): string[] {
  const hash = `hash(${columns.join(', ')})`;
  return [
    ...(parts === 1 ? [] : [`${hash} % ${parts} = ${part}`]),
    ...(among === undefined ? [] : [`${hash} IN (${among.join(', ')})`]),
  ];
}

const SAMPLED_TYPES = ['string', 'integer', 'any'];
const SAMPLE_ROWS = 1000;

/**
 * The SQL of a plan. It reads two relations that the engine provides: `source` and `numbered`, both with the columns
 * `_f<i>` (the fields of the plan as the files have them) and `_x<i>` (the columns that the contract does not name). For a
 * partial field, `_h<i>` tells whether the row's file has it.
 * `numbered` adds `_at`, a number that grows with file and row.
 */
export class Scans {
  readonly #plan: CheckPlan;
  readonly #shape: DataShape;

  constructor(plan: CheckPlan, shape: DataShape) {
    this.#plan = plan;
    this.#shape = shape;
  }

  /** Positions of the checks that can be asked: those whose columns are all there. */
  get asked(): number[] {
    return this.#plan.checks.flatMap((check, index) => (this.#canAsk(check) ? [index] : []));
  }

  /**
   * The fused scan, one row: `n` is the number of rows; `k<i>` is, for a check over rows, how many break it, and for a
   * measure the measure itself. Where `d<i>` is there instead, and is true, rows may break the check: `counts` tells how many.
   */
  fused(only: readonly number[] = this.asked): string {
    return this.#aggregates(only, (index) => this.#doubt(index) ?? this.#count(index));
  }

  /** As `fused`, with the number of rows that break each of these checks. */
  counts(only: readonly number[]): string {
    return this.#aggregates(only, (index) => this.#count(index));
  }

  #aggregates(only: readonly number[], aggregate: (index: number) => string): string {
    const columns = only.flatMap((index) => {
      const { ask } = this.#plan.checks[index]!;
      if (this.#cannotBreak(index)) return [];
      if (ask.how === 'row') return [aggregate(index)];
      if (ask.how === 'measure' || ask.how === 'newest') return [`(${ask.measure})::DOUBLE AS k${index}`];
      return [];
    });
    return `${this.#typed('source')}\nSELECT ${['count(*) AS n', ...columns].join(',\n  ')}\nFROM named`;
  }

  /** Positions of the checks that no key comes twice. */
  get uniqueKeys(): number[] {
    return this.asked.filter((index) => this.#plan.checks[index]!.ask.how === 'key');
  }

  /**
   * A row for each row of the data, with the hash of its key for each of these checks, 64 bits without a sign: null where the key
   * has a missing value or is of another part. Keys are all different where their hashes are.
   */
  hashes(keys: readonly number[], part = WHOLE): string {
    const columns = keys.map((index) => {
      const { columns, present } = this.#key(index, part);
      return `CASE WHEN ${present} THEN hash(${columns.join(', ')}) END AS h${index}`;
    });
    return `${this.#typed('source')}\nSELECT ${columns.join(',\n  ')}\nFROM named`;
  }

  /** Counts, in `k`, the rows whose key came before; or whose key is not in the other dataset. */
  keys(index: number, part = WHOLE): string {
    const { ask } = this.#plan.checks[index]!;
    if (ask.how === 'reference') {
      return `${this.#typed('source')}\nSELECT count(*) AS k FROM named WHERE ${this.#orphan(ask, part)}`;
    }
    const key = this.#key(index, part);
    return `${this.#typed('source')}
SELECT coalesce(sum(n - 1), 0)::BIGINT AS k FROM (
  SELECT count(*) AS n FROM named WHERE ${key.present} GROUP BY ${key.columns.join(', ')} HAVING n > 1
)`;
  }

  /** One row with, in `k<i>`, the first offenders of each of these checks over rows: a list of {_at, shown, print}. */
  lines(broken: readonly number[]): string {
    const columns = broken.flatMap((index) => {
      const { ask } = this.#plan.checks[index]!;
      if (ask.how !== 'row') return [];
      const offender = `{'_at': _at, 'shown': ${this.#shown(ask.shows)}, 'print': ${this.#print(index)}}`;
      return [
        `arg_min(${offender}, _at, ${this.#plan.limit}) FILTER (WHERE ${this.#condition(index, ask.broken)}) AS k${index}`,
      ];
    });
    return `${this.#typed('numbered')}\nSELECT ${columns.join(',\n  ')}\nFROM named`;
  }

  /**
   * The first rows whose key came before, or is not in the other dataset: `_at`, `shown`, `print`, and `first`, where a key that
   * came before came first.
   */
  keyLines(index: number, part = WHOLE): string {
    const { ask } = this.#plan.checks[index]!;
    if (ask.how === 'reference') {
      return `${this.#typed('numbered')}
SELECT _at, NULL AS first, ${this.#shown(ask.fields)} AS shown, ${this.#print(index)} AS print FROM named
WHERE ${this.#orphan(ask, part)} ORDER BY _at LIMIT ${this.#plan.limit}`;
    }
    const key = this.#key(index, part);
    const columns = key.columns.join(', ');
    return `${this.#typed('numbered')}
SELECT _at, first, shown, print FROM (
  SELECT _at, ${this.#shown(key.shows)} AS shown, ${this.#print(index)} AS print, min(_at) OVER (PARTITION BY ${columns}) AS first
  FROM named
  WHERE ${sql.all([key.present, ...(part.among ? [] : [this.#comesTwice(key)])])}
)
WHERE _at > first ORDER BY _at LIMIT ${this.#plan.limit}`;
  }

  #comesTwice({ columns, present }: { columns: string[]; present: string }): string {
    const key = columns.join(', ');
    return `hash(${key}) IN (SELECT hash(${key}) FROM named WHERE ${present} GROUP BY ${key} HAVING count(*) > 1)`;
  }

  /** Fields of which a sample is wanted, to see whether they hold personal data: those whose contract does not say. */
  get sampled(): number[] {
    return this.#plan.fields.flatMap(({ sensitive, type }, index) =>
      sensitive === false && SAMPLED_TYPES.includes(type) && this.#shape.physical[index] !== undefined
        ? [index]
        : [],
    );
  }

  /** The first rows: the texts of the sampled fields, in `s<i>`. */
  sample(): string {
    const columns = this.sampled.map((index) => `_t${index}::VARCHAR AS s${index}`);
    return `${this.#typed('numbered')}\nSELECT ${columns.join(', ')} FROM named LIMIT ${SAMPLE_ROWS}`;
  }

  /** The type of a rule's expression, in the column `column_type`; fails where the expression does. */
  ruleType(expression: string): string {
    return `DESCRIBE ${this.#typed('source')}\nSELECT (${expression}\n) AS holds FROM named WHERE (${expression}\n)`;
  }

  #count(index: number): string {
    const { ask } = this.#plan.checks[index]!;
    if (ask.how !== 'row') throw new TypeError(`check ${index} is not over rows`);
    return `${this.#broken(index) ?? `count_if(${this.#condition(index, ask.broken)})`} AS k${index}`;
  }

  /** Only for Parquet: texts that no scan of their bytes could prove are likely to break the check, and another scan costs more. */
  #doubt(index: number): string | undefined {
    const { ask, needs } = this.#plan.checks[index]!;
    const isWhole = !needs.some((field) => this.#shape.partial.includes(field));
    const doubt =
      ask.how === 'row' && this.#plan.source.format === 'parquet' && isWhole ? ask.doubt : undefined;
    return doubt && `(${doubt}) AS d${index}`;
  }

  /** Missing and mistyped values, which two counts per column tell faster than a condition on every row. */
  #broken(index: number): string | undefined {
    const { kind, needs } = this.#plan.checks[index]!;
    const field = needs[0]!;
    if (kind === 'required' && !this.#shape.partial.includes(field)) return `count(*) - count(_t${field})`;
    return kind === 'type' ? `count(_t${field}) - count(_v${field})` : undefined;
  }

  /** The condition of a check over rows, asked only where the row's file has the columns that it needs. */
  #condition(index: number, broken: string): string {
    const doubtful = this.#plan.checks[index]!.needs.filter((field) => this.#shape.partial.includes(field));
    return doubtful.length === 0
      ? broken
      : sql.all([...doubtful.map((field) => `_h${field}`), `(${broken})`]);
  }

  /** What is proven need not be asked, nor whether every text of a text column is a text. */
  #cannotBreak(index: number): boolean {
    if (this.#shape.proven?.has(index)) return true;
    const { kind, needs } = this.#plan.checks[index]!;
    const field = needs[0]!;
    return (
      kind === 'type' && this.#plan.fields[field]!.type === 'string' && this.#shape.physical[field] === 'text'
    );
  }

  #canAsk(check: Check): boolean {
    const { ask } = check;
    if (ask.how === 'reference' && this.#plan.references[ask.reference]!.source.files.length === 0)
      return false;
    if (ask.how === 'key' && ask.fields === undefined && this.#rowColumns().length === 0) return false;
    return check.needs.every((field) => this.#shape.physical[field] !== undefined);
  }

  #shown(fields: readonly number[]): string {
    return fields.length === 0
      ? '[]::VARCHAR[]'
      : `[${fields.map((index) => `left(_f${index}::VARCHAR, 200)`).join(', ')}]`;
  }

  /**
   * A short mark of what is in a row, to know the row again in other data: 32 bits, from which nothing can be read back. With
   * a primary key that is the key and the fields of the check, so that a row stays the same when something else in it changes.
   */
  #print(index: number): string {
    const { primaryKey, checks } = this.#plan;
    const known = [...primaryKey, ...checks[index]!.needs];
    const hasKey = primaryKey.length > 0 && known.every((field) => this.#shape.physical[field] !== undefined);
    const columns = hasKey ? known.map((field) => `_t${field}`) : this.#rowColumns();
    return `format('{:08x}', hash(${columns.join(', ')}) % 4294967296)`;
  }

  #rowColumns(): string[] {
    return [
      ...this.#plan.fields.flatMap((_, field) =>
        this.#shape.physical[field] === undefined ? [] : [`_t${field}`],
      ),
      ...Array.from({ length: this.#shape.extras }, (_, extra) => `_x${extra}`),
    ];
  }

  #orphan(ask: { fields: readonly number[]; reference: number }, part: KeyPart): string {
    const values = ask.fields.map((index) => `_v${index}`);
    const there = ask.fields.map(
      (index, position) =>
        `TRY_CAST(_r${position} AS ${sqlType(this.#plan.fields[index]!.type)}) AS _r${position}`,
    );
    const present = sql.all([...values.map((value) => `${value} IS NOT NULL`), ...inPart(values, part)]);
    const equal = values.map((value, position) => `${value} = r._r${position}`);
    return `${present} AND NOT EXISTS (SELECT 1 FROM (SELECT DISTINCT ${there.join(', ')} FROM reference${ask.reference}) AS r WHERE ${sql.all(equal)})`;
  }

  #key(index: number, part: KeyPart): { columns: string[]; shows: readonly number[]; present: string } {
    const { ask } = this.#plan.checks[index]!;
    if (ask.how !== 'key') throw new TypeError(`check ${index} has no key`);
    const columns = ask.fields ? ask.fields.map((field) => `_v${field}`) : this.#rowColumns();
    const isThere = ask.fields ? columns.map((column) => `${column} IS NOT NULL`) : [];
    const conditions = [...isThere, ...inPart(columns, part)];
    return {
      columns,
      shows: ask.fields ?? [],
      present: conditions.length === 0 ? 'true' : sql.all(conditions),
    };
  }

  /** The chain of common table expressions from the files' columns to `named`, where rules find fields by name. */
  #typed(relation: 'source' | 'numbered'): string {
    const { fields, source, checks } = this.#plan;
    const here = fields.flatMap((field, index) => {
      const physical = this.#shape.physical[index];
      return physical === undefined ? [] : [{ field, index, physical }];
    });
    const texts = here.map(
      ({ index, physical }) => `${presentText(`_f${index}`, physical, source)} AS _t${index}`,
    );
    const values = here.map(
      ({ field, index, physical }) =>
        `${typedValue(field, { text: `_t${index}`, column: `_f${index}`, physical, cast: looseCast(field, `_t${index}`, physical) && `_c${index}` })} AS _v${index}`,
    );
    const casts = here.flatMap(({ field, index, physical }) => {
      const cast = looseCast(field, `_t${index}`, physical);
      return cast === undefined ? [] : [`${cast} AS _c${index}`];
    });
    const mentioned = new Set(checks.flatMap(({ kind, needs }) => (kind === 'row' ? needs : [])));
    const names = here
      .filter(({ index }) => mentioned.has(index))
      .map(({ field, index }) => `_v${index} AS ${sql.name(field.name)}`);
    return `WITH texts AS (
  SELECT ${['*', ...texts].join(',\n    ')}
  FROM ${relation}
), casts AS (
  SELECT ${['*', ...casts].join(',\n    ')}
  FROM texts
), typed AS (
  SELECT ${['*', ...values].join(',\n    ')}
  FROM casts
), named AS (
  SELECT ${['*', ...names].join(',\n    ')}
  FROM typed
)`;
  }
}
