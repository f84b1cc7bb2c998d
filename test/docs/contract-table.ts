import { Contract } from '@rastro/contract';
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
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
}

/** Every key of a contract, in the order of its schema. */
export function contractTable(): string[] {
  const rows = rowsOf(z.toJSONSchema(Contract, { io: 'input' }) as Schema, '');
  return markdownTable(['key', 'value', 'what it says', 'default'], rows);
}

function rowsOf({ properties = {} }: Schema, prefix: string): string[][] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const key = `${prefix}${name}`;
    const inner = schema.items?.properties ? rowsOf(schema.items, `${key}[].`) : rowsOf(schema, `${key}.`);
    return [
      [`\`${key}\``, cell(kindOfValue(schema)), cell(schema.description ?? ''), defaultOf(schema)],
      ...inner,
    ];
  });
}

function kindOfValue({ type, const: only, enum: words, anyOf, items }: Schema): string {
  if (only !== undefined) return `\`${only}\``;
  if (words) return words.map((word) => `\`${word}\``).join(', ');
  if (anyOf) return [...new Set(anyOf.map(kindOfValue))].join(' or ');
  if (type === 'array') return items?.properties ? 'list' : `list of ${kindOfValue(items ?? {})}`;
  return [type ?? []]
    .flat()
    .map((each) => WORDS[each] ?? each)
    .join(' or ');
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
