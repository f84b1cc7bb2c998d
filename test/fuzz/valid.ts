import fc from 'fast-check';
import type { z } from 'zod';
import { hostileText } from './hostile.ts';

/** Patterns of digests and object ids; to make each digit by chance takes long and finds nothing. */
const HEX = /^\^\(?\[0-9a-f\]\{(\d+)\}/;

/** Values that a schema's shape allows. What it refines beyond that may still be refused. */
export function valid(schema: z.core.$ZodType, depth = 0): fc.Arbitrary<unknown> {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  const inner = (one: z.core.$ZodType) => valid(one, depth + 1);
  switch (def.type) {
    case 'string':
      return validText(limitsOf(def));
    case 'number':
      return validNumber(limitsOf(def));
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'literal':
      return fc.constantFrom(...def.values);
    case 'enum':
      return fc.constantFrom(...Object.values(def.entries));
    case 'union':
      return fc.oneof(...def.options.map(inner));
    case 'optional':
    case 'default':
    case 'prefault':
      return fc.option(inner(def.innerType), { nil: undefined });
    case 'nullable':
      return fc.option(inner(def.innerType), { nil: null });
    case 'readonly':
    case 'nonoptional':
      return inner(def.innerType);
    case 'pipe':
      return inner(def.in);
    case 'lazy':
      // A block holds blocks: deep enough is the innermost kind.
      return depth > 12 ? fc.constant({ kind: 'paragraph', text: 'deep' }) : inner(def.getter());
    case 'object':
      return validObject(def.shape, inner);
    case 'record':
      return fc
        .array(fc.tuple(inner(def.keyType), inner(def.valueType)), { maxLength: 3 })
        .map((pairs) => Object.fromEntries(pairs as [string, unknown][]));
    case 'array': {
      const { minimum = 0 } = limitsOf(def);
      return fc.array(inner(def.element), { minLength: minimum, maxLength: minimum + 2 });
    }
    case 'tuple':
      return fc.tuple(...def.items.map(inner));
    case 'unknown':
    case 'any':
      return fc.jsonValue();
    default:
      throw new Error(`no values are known for a schema of type ${def.type}`);
  }
}

/** What the checks of a schema ask of a value, as far as it can be chosen accordingly. */
interface Limits {
  readonly minimum?: number;
  readonly maximum?: number;
  readonly above?: number;
  readonly below?: number;
  readonly isWhole?: boolean;
  readonly format?: string;
  readonly pattern?: RegExp;
}

function limitsOf(def: z.core.$ZodTypeDef): Limits {
  const checks = [def, ...(def.checks ?? []).map((check) => check._zod.def)] as z.core.$ZodCheckDef[];
  return Object.assign({}, ...checks.map(limitOf)) as Limits;
}

function limitOf(check: z.core.$ZodCheckDef): Limits {
  const one = check as z.core.$ZodChecks['_zod']['def'];
  switch (one.check) {
    case 'min_length':
      return { minimum: one.minimum };
    case 'max_length':
      return { maximum: one.maximum };
    case 'length_equals':
      return { minimum: one.length, maximum: one.length };
    case 'greater_than':
      return one.inclusive ? { minimum: Number(one.value) } : { above: Number(one.value) };
    case 'less_than':
      return one.inclusive ? { maximum: Number(one.value) } : { below: Number(one.value) };
    case 'number_format':
      return { isWhole: true };
    case 'string_format':
      return one.format === 'regex' && one.pattern ? { pattern: one.pattern } : { format: one.format };
    default:
      return {};
  }
}

function validText({ minimum = 0, maximum = 2000, format, pattern }: Limits): fc.Arbitrary<string> {
  if (format === 'datetime') {
    const day = { min: new Date('2000-01-01T00:00:00Z'), max: new Date('2099-12-31T00:00:00Z') };
    return fc.date({ ...day, noInvalidDate: true }).map((date) => `${date.toISOString().slice(0, 19)}Z`);
  }
  if (format === 'url') return fc.webUrl();
  if (pattern && HEX.test(pattern.source))
    return fc
      .constantFrom(...'0123456789abcdef')
      .map((digit) => digit.repeat(Number(HEX.exec(pattern.source)![1])));
  if (pattern) return fc.stringMatching(pattern);
  const plain = fc.string({
    unit: 'grapheme',
    minLength: minimum,
    maxLength: Math.min(maximum, minimum + 20),
  });
  const odd = hostileText.filter((text) => text.length >= minimum && text.length <= maximum);
  return fc.oneof({ weight: 3, arbitrary: plain }, odd);
}

function validNumber({ minimum, maximum, above, below, isWhole }: Limits): fc.Arbitrary<number> {
  if (isWhole) {
    const min = above === undefined ? (minimum ?? -1000) : above + 1;
    return fc.integer({ min: Math.ceil(min), max: Math.min(maximum ?? 2 ** 31, 2 ** 31) });
  }
  const min = minimum ?? above;
  const max = maximum ?? below;
  return fc.double({
    noNaN: true,
    noDefaultInfinity: true,
    ...(min === undefined ? {} : { min, minExcluded: above !== undefined }),
    ...(max === undefined ? {} : { max, maxExcluded: below !== undefined }),
  });
}

function validObject(
  shape: Readonly<Record<string, z.core.$ZodType>>,
  inner: (one: z.core.$ZodType) => fc.Arbitrary<unknown>,
): fc.Arbitrary<Record<string, unknown>> {
  const fields = Object.fromEntries(Object.entries(shape).map(([key, field]) => [key, inner(field)]));
  return fc
    .record(fields)
    .map((value) => Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)));
}
