import { didYouMean } from '@rastro/document';
import { type Fault, fault, InputError } from '@rastro/fault';
import type { z } from 'zod';

/** How one field of a request is written as text, in an action's `with:` or on a command line. */
export interface Parameter {
  /** camelCase, as in the schema. */
  readonly key: string;
  /** kebab-case, as a user writes it. */
  readonly name: string;
  readonly description: string;
  readonly type: 'text' | 'number' | 'boolean' | 'list' | 'choice';
  readonly choices: readonly string[];
  readonly required: boolean;
  /** The default as text; undefined when there is none. */
  readonly default: string | undefined;
}

/** The parameters of a request schema, in its order. */
export function parametersOf(schema: z.ZodObject): Parameter[] {
  return Object.entries(schema.shape).map(([key, field]) => parameter(key, field as z.ZodType));
}

/**
 * Reads a request from texts by kebab-case name. An empty text counts as not given, as it does for an action's inputs.
 * @throws InputError with every fault: unknown names (with the nearest), texts that are not of the type asked for.
 */
export function readRequest<S extends z.ZodObject>(
  schema: S,
  texts: Readonly<Record<string, string>>,
  kind: 'input' | 'option',
): z.output<S> {
  const parameters = parametersOf(schema);
  const shown = (name: string) => (kind === 'option' ? `--${name}` : name);
  const faults: Fault[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, text] of Object.entries(texts)) {
    const found = parameters.find((candidate) => candidate.name === name);
    if (!found)
      faults.push(
        unknownName(
          shown(name),
          kind,
          parameters.map((known) => known.name),
          name,
          shown,
        ),
      );
    else if (text !== '') values[found.key] = typedValue(text, found);
  }
  const result = schema.safeParse(values);
  if (!result.success) {
    for (const issue of result.error.issues) faults.push(wrongValue(issue, parameters, texts, shown, kind));
  }
  if (faults.length > 0) throw new InputError(faults);
  return result.data as z.output<S>;
}

function unknownName(
  name: string,
  kind: 'input' | 'option',
  known: readonly string[],
  bare: string,
  shown: (name: string) => string,
): Fault {
  const nearest = didYouMean(bare, known);
  return fault(
    `unknown-${kind}`,
    `there is no ${kind} "${name}"`,
    undefined,
    nearest ? `Did you mean "${shown(nearest)}"?` : `Known: ${known.map(shown).join(', ')}.`,
  );
}

function wrongValue(
  issue: z.core.$ZodIssue,
  parameters: readonly Parameter[],
  texts: Readonly<Record<string, string>>,
  shown: (name: string) => string,
  kind: 'input' | 'option',
): Fault {
  const found = parameters.find((candidate) => candidate.key === issue.path[0]);
  if (!found) return fault(`invalid-${kind}`, issue.message);
  const text = texts[found.name] ?? '';
  if (text === '')
    return fault(
      `missing-${kind}`,
      `the ${kind} "${shown(found.name)}" is missing`,
      undefined,
      found.description,
    );
  return fault(`invalid-${kind}`, `${shown(found.name)}: ${expectation(issue, found)}, got '${text}'`);
}

function expectation(issue: z.core.$ZodIssue, found: Parameter): string {
  if (found.type === 'choice')
    return `expected one of ${found.choices.map((choice) => `"${choice}"`).join(', ')}`;
  if (issue.code === 'invalid_type' && found.type === 'number') return 'expected a number';
  if (issue.code === 'invalid_type' && found.type === 'boolean')
    return 'expected true or false (or yes or no)';
  return issue.message.charAt(0).toLowerCase() + issue.message.slice(1);
}

/** The typed value of a text; the text itself when it is not of the type, for the schema to refuse. */
function typedValue(text: string, { type }: Parameter): unknown {
  switch (type) {
    case 'number':
      return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text.trim()) ? Number(text) : text;
    case 'boolean':
      if (/^(true|yes)$/i.test(text)) return true;
      return /^(false|no)$/i.test(text) ? false : text;
    case 'list':
      return text
        .split(/[\n,]/)
        .map((item) => item.trim())
        .filter((item) => item !== '');
    case 'text':
    case 'choice':
      return text;
  }
}

function parameter(key: string, field: z.ZodType): Parameter {
  const { inner, required, initial } = unwrapped(field);
  const type = typeOf(inner);
  return {
    key,
    name: key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
    description: field.description ?? '',
    type,
    choices:
      inner.def.type === 'enum' ? Object.values((inner.def as z.core.$ZodEnumDef).entries).map(String) : [],
    required,
    default: initial === undefined ? undefined : textOf(initial),
  };
}

function textOf(value: unknown): string {
  return Array.isArray(value) ? value.join('\n') : String(value);
}

function unwrapped(field: z.ZodType): { inner: z.ZodType; required: boolean; initial: unknown } {
  let inner = field;
  let required = true;
  let initial: unknown;
  for (;;) {
    const def = inner.def as z.core.$ZodTypes['_zod']['def'];
    if (def.type === 'default' || def.type === 'prefault') {
      initial ??= def.defaultValue;
      required = false;
    } else if (def.type === 'optional') required = false;
    else return { inner, required, initial };
    inner = def.innerType as z.ZodType;
  }
}

function typeOf(inner: z.ZodType): Parameter['type'] {
  switch (inner.def.type) {
    case 'number':
      return 'number';
    case 'boolean':
      return 'boolean';
    case 'array':
      return 'list';
    case 'enum':
      return 'choice';
    default:
      return 'text';
  }
}
