import { z } from 'zod';
import { cell, markdownTable } from './action-files.ts';

/** What of a JSON Schema tells a reader what may be written. */
interface Schema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
}

interface Row {
  readonly key: string;
  readonly schema: Schema;
}

/** Every key that a schema accepts, in its order, or those that are chosen. */
export function schemaTable(schema: z.ZodType, chosen: (key: string) => boolean = () => true): string[] {
  const rows = rowsOf(z.toJSONSchema(schema, { io: 'input' }) as Schema, '').filter(({ key }) => chosen(key));
  return markdownTable(['key', 'value', 'what it says', 'default'], [...grouped(rows)].map(rowOfTable));
}

/** What the keys of a mapping say, of a list of mappings, of mappings by name, and of any of these that a value may be. */
function rowsOf(schema: Schema, prefix: string): Row[] {
  const own = Object.entries(schema.properties ?? {}).flatMap(([name, value]) => {
    const key = `${prefix}${name}`;
    return [{ key, schema: value }, ...rowsOf(value, `${key}.`)];
  });
  const { items, additionalProperties } = schema;
  return [
    ...own,
    ...(items ? rowsOf(items, `${prefix.slice(0, -1)}[].`) : []),
    ...(typeof additionalProperties === 'object' ? rowsOf(additionalProperties, `${prefix}<name>.`) : []),
    ...branchesOf(schema).flatMap((branch) => rowsOf(branch, prefix)),
  ];
}

function branchesOf({ anyOf = [], oneOf = [] }: Schema): readonly Schema[] {
  return [...anyOf, ...oneOf];
}

/** A key that several kinds of a mapping have is one row. */
function grouped(rows: readonly Row[]): Map<string, Schema[]> {
  const byKey = new Map<string, Schema[]>();
  for (const { key, schema } of rows) byKey.set(key, [...(byKey.get(key) ?? []), schema]);
  return byKey;
}

function rowOfTable([key, schemas]: [string, Schema[]]): string[] {
  const all = (tell: (schema: Schema) => string, between: string) =>
    [...new Set(schemas.map(tell))].filter((text) => text !== '').join(between);
  const says = all(({ description = '' }) => description, ' Or: ');
  if (says === '') throw new Error(`the schema does not say what "${key}" is`);
  return [`\`${key}\``, cell(all(kindOfValue, ' or ')), cell(says), all(defaultOf, ' or ')];
}

function kindOfValue({ type, const: only, enum: words, items, ...schema }: Schema): string {
  if (only !== undefined) return `\`${only}\``;
  if (words) return words.map((word) => `\`${word}\``).join(', ');
  const branches = branchesOf(schema);
  if (branches.length > 0) return [...new Set(branches.map(kindOfValue))].join(' or ');
  if (type === 'array') return isMapping(items ?? {}) ? 'list' : `list of ${kindOfValue(items ?? {})}`;
  return [type ?? []]
    .flat()
    .map((each) => WORDS[each] ?? each)
    .join(' or ');
}

function isMapping(schema: Schema): boolean {
  return schema.properties !== undefined || branchesOf(schema).some(isMapping);
}

const WORDS: Readonly<Record<string, string>> = {
  object: 'mapping',
  string: 'text',
  boolean: '`true` or `false`',
};

function defaultOf({ default: usual, type }: Schema): string {
  const isNothing = usual === undefined || type === 'object' || (Array.isArray(usual) && usual.length === 0);
  return isNothing ? '' : `\`${JSON.stringify(usual).replaceAll('|', '\\|')}\``;
}
