import { type Fault, fault, InputError, place } from '@rastro/fault';
import { stringify } from 'yaml';
import { z } from 'zod';
import type { Contract, ContractField } from './schema.ts';

/** A document in another format, and what could not be said in it. */
export interface Converted {
  readonly text: string;
  /** In words, one for each thing that was left out or is said in another way. */
  readonly lost: readonly string[];
}

const Scalar = z.union([z.string(), z.number(), z.boolean()]);

/** The parts of Frictionless Table Schema that are read. It is an open format: other keys are allowed. */
const TableSchema = z.object({
  fields: z
    .array(
      z.object({
        name: z.string(),
        title: z.string().optional(),
        description: z.string().optional(),
        type: z.string().default('string'),
        format: z.string().default('default'),
        decimalChar: z.string().optional(),
        groupChar: z.string().optional(),
        bareNumber: z.boolean().default(true),
        trueValues: z.array(z.string()).optional(),
        falseValues: z.array(z.string()).optional(),
        constraints: z
          .object({
            required: z.boolean().optional(),
            unique: z.boolean().optional(),
            minimum: Scalar.optional(),
            maximum: Scalar.optional(),
            exclusiveMinimum: Scalar.optional(),
            exclusiveMaximum: Scalar.optional(),
            minLength: z.number().optional(),
            maxLength: z.number().optional(),
            pattern: z.string().optional(),
            enum: z.array(Scalar).optional(),
          })
          .prefault({}),
      }),
    )
    .min(1),
  missingValues: z.array(z.string()).optional(),
  primaryKey: z.union([z.string(), z.array(z.string())]).optional(),
  foreignKeys: z.array(z.unknown()).optional(),
});
type TableField = z.output<typeof TableSchema>['fields'][number];

const TYPES: Record<string, ContractField['type']> = {
  string: 'string',
  integer: 'integer',
  number: 'number',
  boolean: 'boolean',
  date: 'date',
  datetime: 'datetime',
  time: 'time',
  year: 'integer',
  any: 'any',
};

/**
 * Makes a contract from a Frictionless Table Schema (JSON). Read the result with `readContract`: it refuses what RE2 cannot run.
 * @throws InputError when the text is no JSON, or no Table Schema.
 */
export function contractFromTableSchema(text: string, file: string, name: string): Converted {
  const schema = parsed(text, file);
  const lost: string[] = [];
  const contract = {
    name,
    version: '1.0.0',
    ...(schema.missingValues === undefined ? {} : { source: { missingValues: schema.missingValues } }),
    fields: schema.fields.map((field) => importedField(field, lost)),
    ...(schema.primaryKey === undefined || schema.primaryKey.length === 0
      ? {}
      : { primaryKey: schema.primaryKey }),
  };
  if ((schema.foreignKeys?.length ?? 0) > 0)
    lost.push('foreignKeys: they name a resource; name the files of the other dataset instead');
  return { text: stringify(contract), lost };
}

function parsed(text: string, file: string): z.output<typeof TableSchema> {
  const refuse = (faults: Fault | Fault[], cause?: unknown): never => {
    throw new InputError(faults, { cause });
  };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    refuse(
      fault(
        'json-syntax',
        `not valid JSON: ${(error as Error).message}`,
        place(file),
        'Give a Table Schema in JSON.',
      ),
      error,
    );
  }
  const result = TableSchema.safeParse(value);
  if (result.success) return result.data;
  return refuse(
    result.error.issues.map(({ path, message }) =>
      fault(
        'table-schema',
        `${path.map(String).join('.') || 'the document'}: ${message}`,
        place(file),
        'Give a Frictionless Table Schema.',
      ),
    ),
  );
}

function importedField(field: TableField, lost: string[]): Record<string, unknown> {
  const { name, title, description, constraints } = field;
  const isCustomTime = ['date', 'datetime', 'time'].includes(field.type) && field.format !== 'default';
  const type = isCustomTime ? 'string' : (TYPES[field.type] ?? 'any');
  if (isCustomTime) lost.push(`${name}: the format ${field.format} of a ${field.type}; it is a string now`);
  else if (!(field.type in TYPES)) lost.push(`${name}: the type ${field.type}; any value passes now`);
  if (!field.bareNumber) lost.push(`${name}: bareNumber; text around numbers does not pass`);
  const isText = type === 'string' || type === 'any';
  const isNumeric = type === 'integer' || type === 'number';
  const format = isText && ['email', 'uri', 'uuid'].includes(field.format) ? field.format : undefined;
  if (isText && format === undefined && field.format !== 'default' && !isCustomTime)
    lost.push(`${name}: the format ${field.format}`);
  const kept = Object.entries(constraints).flatMap(([key, value]): [string, unknown][] => {
    if (value === undefined || value === false) return [];
    const fits =
      key === 'required' ||
      key === 'unique' ||
      key === 'enum' ||
      (/length$|^pattern$/i.test(key) ? isText : !isText && type !== 'boolean');
    if (!fits) lost.push(`${name}: ${key}, which does not apply to ${type} here`);
    return fits
      ? [
          [
            key,
            key === 'enum' && isText ? (value as unknown[]).map(String) : converted(value, isNumeric, type),
          ],
        ]
      : [];
  });
  return withoutUndefined({
    name,
    title,
    description,
    type,
    format,
    decimalChar: isNumeric ? field.decimalChar : undefined,
    groupChar: isNumeric ? field.groupChar : undefined,
    trueValues: type === 'boolean' ? field.trueValues : undefined,
    falseValues: type === 'boolean' ? field.falseValues : undefined,
    ...Object.fromEntries(kept),
  });
}

/** Table Schema lets numbers and booleans be written as texts. */
function converted(value: unknown, isNumeric: boolean, type: string): unknown {
  if (Array.isArray(value)) return value.map((each) => converted(each, isNumeric, type));
  if (typeof value === 'string' && isNumeric && value.trim() !== '' && Number.isFinite(Number(value)))
    return Number(value);
  if (typeof value === 'string' && type === 'boolean' && /^(true|false)$/i.test(value))
    return /^true$/i.test(value);
  return value;
}

/** Writes a contract as a Frictionless Table Schema (JSON). */
export function tableSchemaFromContract(contract: Contract): Converted {
  const { delimiter, quote, comment, encoding, header, trim } = contract.source;
  const isUsual = quote === '"' && encoding === 'utf-8' && header && !trim;
  const lost = [
    ...(isUsual && delimiter === undefined && comment === undefined
      ? []
      : ['source: Table Schema does not say how files are written']),
    ...(contract.rules.length > 0 ? ['rules: Table Schema has no conditions on rows'] : []),
    ...(contract.rows ? ['rows: Table Schema does not speak of the table as a whole'] : []),
    ...(contract.freshness ? ['freshness: Table Schema does not speak of time'] : []),
    ...(contract.foreignKeys.length > 0
      ? ['foreignKeys: Table Schema names a resource of a package, not files']
      : []),
  ];
  const schema = withoutUndefined({
    fields: contract.fields.map((field) => exportedField(field, lost)),
    missingValues: contract.source.missingValues,
    primaryKey: contract.primaryKey === undefined ? undefined : [contract.primaryKey].flat(),
  });
  return { text: `${JSON.stringify(schema, null, 2)}\n`, lost };
}

const LOST_KEYS = ['nulls', 'statistics', 'trimmed', 'sensitive'] as const;

function exportedField(field: ContractField, lost: string[]): Record<string, unknown> {
  const { name, title, description, type, format, required, unique } = field;
  for (const key of LOST_KEYS) if (field[key]) lost.push(`${name}: ${key}`);
  if (field.severity !== 'error') lost.push(`${name}: severity`);
  if (field.tolerance > 0) lost.push(`${name}: tolerance`);
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, minLength, maxLength, pattern } = field;
  const bounds = {
    minimum,
    maximum,
    exclusiveMinimum,
    exclusiveMaximum,
    minLength,
    maxLength,
    pattern,
    enum: field.enum,
  };
  const constraints = withoutUndefined({
    ...(required ? { required } : {}),
    ...(unique ? { unique } : {}),
    ...bounds,
  });
  const isNumeric = type === 'integer' || type === 'number';
  return withoutUndefined({
    name,
    title,
    description,
    type,
    format,
    decimalChar: isNumeric && field.decimalChar !== '.' ? field.decimalChar : undefined,
    groupChar: isNumeric ? field.groupChar : undefined,
    trueValues: type === 'boolean' ? field.trueValues : undefined,
    falseValues: type === 'boolean' ? field.falseValues : undefined,
    constraints: Object.keys(constraints).length === 0 ? undefined : constraints,
  });
}

function withoutUndefined(object: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
