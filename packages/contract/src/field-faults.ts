import type { Document } from '@rastro/document';
import { type Fault, fault, type Place } from '@rastro/fault';
import { RE2JS } from 're2js';
import type { Contract, ContractField } from './schema.ts';

type Path = readonly PropertyKey[];

const NUMERIC = ['integer', 'number'];
const TEMPORAL = {
  date: /^\d{4}-\d{2}-\d{2}$/,
  datetime: /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?Z?)?$/,
  time: /^([01]\d|2[0-3]):\d{2}(:\d{2}(\.\d{1,6})?)?$/,
};
/** Whether a text is a date or time that there is: 2024-02-30 is none, nor is any day of a year 0. */
function isTemporal(type: keyof typeof TEMPORAL, text: string): boolean {
  if (!TEMPORAL[type].test(text) || text.startsWith('0000')) return false;
  const whole = type === 'time' ? `1970-01-01T${text}Z` : `${text.replace(/Z$/, '').replace(' ', 'T')}Z`;
  const stamp = new Date(whole.length === 11 ? text : whole);
  return (
    !Number.isNaN(stamp.getTime()) && (type === 'time' || stamp.toISOString().startsWith(text.slice(0, 10)))
  );
}

/** Where a value stands, and how it is written there. */
interface Written {
  readonly place: Place;
  readonly text: string | undefined;
}

const BOUNDS = ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'] as const;

/** What a field asks for that its type does not have, or no value can keep. */
export function fieldFaults(document: Document<Contract>, field: ContractField, path: Path): Fault[] {
  const at = (...rest: Path): Place => document.placeOf([...path, ...rest]);
  const written = (...rest: Path): Written => ({
    place: at(...rest),
    text: document.textOf([...path, ...rest]),
  });
  const faults: Fault[] = [];
  const misfit = (key: string, wanted: string) => {
    faults.push(
      fault(
        'constraint-type',
        `"${key}" does not apply to the ${field.type} column "${field.name}": it is for ${wanted}`,
        document.placeOfKey([...path, key]),
        'Take it out, or change the type.',
      ),
    );
  };
  const isText = field.type === 'string' || field.type === 'any';
  for (const key of ['format', 'pattern', 'minLength', 'maxLength'] as const) {
    if (field[key] !== undefined && !isText) misfit(key, 'strings');
  }
  if (field.trimmed && !isText) misfit('trimmed', 'strings');
  if (field.groupChar !== undefined && !NUMERIC.includes(field.type)) misfit('groupChar', 'numbers');
  if (field.statistics) {
    for (const key of ['mean', 'std', 'sum', 'quantiles'] as const) {
      if (field.statistics[key] && !NUMERIC.includes(field.type)) misfit('statistics', 'numbers');
    }
  }
  for (const key of BOUNDS) {
    const bound = field[key];
    if (bound !== undefined)
      faults.push(
        ...boundFaults(field, key, bound, written(key), () => misfit(key, 'numbers, dates and times')),
      );
  }
  faults.push(...orderFaults(field, at), ...enumFaults(field, written));
  if (field.pattern !== undefined) faults.push(...patternFaults(field.pattern, at('pattern')));
  if (field.decimalChar === field.groupChar) {
    faults.push(
      fault('separator', 'decimalChar and groupChar are the same', at('groupChar'), 'Change one of them.'),
    );
  }
  if (field.required && field.nulls) {
    faults.push(
      fault(
        'required-nulls',
        `"${field.name}" is required, so no share of it may be missing`,
        document.placeOfKey([...path, 'nulls']),
        'Keep either "required" or "nulls".',
      ),
    );
  }
  return faults;
}

function boundFaults(
  field: ContractField,
  key: string,
  bound: number | string,
  written: Written,
  misfit: () => void,
): Fault[] {
  const where = written.place;
  if (NUMERIC.includes(field.type)) {
    if (typeof bound === 'number') return inexactFault(field, key, bound, written);
    return [
      fault(
        'invalid-value',
        `${key} of "${field.name}": expected a number, got "${bound}"`,
        where,
        'Write a number, without quotes.',
      ),
    ];
  }
  if (field.type === 'date' || field.type === 'datetime' || field.type === 'time') {
    if (typeof bound === 'string' && isTemporal(field.type, bound)) return [];
    return [
      fault(
        'invalid-value',
        `${key} of "${field.name}": expected a ${field.type}, got ${JSON.stringify(bound)}`,
        where,
        `Write it as ${temporalExample(field.type)}.`,
      ),
    ];
  }
  misfit();
  return [];
}

/**
 * The fault of an integer that is not the one that was written: large ones may lose their last digits when YAML is read. Beyond
 * 64 bits that makes no difference, as no value is there.
 */
function inexactFault({ type, name }: ContractField, key: string, value: unknown, written: Written): Fault[] {
  if (type !== 'integer' || typeof value !== 'number' || Math.abs(value) >= 2 ** 63) return [];
  if (written.text === undefined || !/^[-+]?\d+$/.test(written.text)) return [];
  if (BigInt(written.text.replace('+', '')) === BigInt(String(value))) return [];
  return [
    fault(
      'inexact-integer',
      `${key} of "${name}": ${written.text} is read as ${value}, as integers beyond ${Number.MAX_SAFE_INTEGER} may lose their last digits`,
      written.place,
      'Write it as a rule, whose SQL knows integers of 64 bits.',
    ),
  ];
}

function temporalExample(type: 'date' | 'datetime' | 'time'): string {
  return { date: '2024-01-31', datetime: '2024-01-31T12:00:00Z', time: '12:00:00' }[type];
}

type Bound = ContractField[(typeof BOUNDS)[number]];

function orderFaults(field: ContractField, at: (...rest: Path) => Place): Fault[] {
  const faults: Fault[] = [];
  const empty = (['minimum', 'exclusiveMinimum'] as const)
    .flatMap((low) => (['maximum', 'exclusiveMaximum'] as const).map((high) => ({ low, high })))
    .find(({ low, high }) => isEmptyRange(field[low], field[high], `${low}${high}`.includes('exclusive')));
  if (empty) {
    faults.push(
      fault(
        'empty-range',
        `"${field.name}": no value is between ${empty.low} ${field[empty.low]} and ${empty.high} ${field[empty.high]}`,
        at(empty.high),
        'Change the bounds.',
      ),
    );
  }
  if (field.minLength !== undefined && field.maxLength !== undefined && field.minLength > field.maxLength) {
    faults.push(
      fault(
        'empty-range',
        `"${field.name}": no text has ${field.minLength} to ${field.maxLength} character${field.maxLength === 1 ? '' : 's'}`,
        at('maxLength'),
        'Swap the bounds.',
      ),
    );
  }
  return faults;
}

function isEmptyRange(low: Bound, high: Bound, isOpen: boolean): boolean {
  if (low === undefined || high === undefined || typeof low !== typeof high) return false;
  return low > high || (isOpen && low === high);
}

function enumFaults(field: ContractField, written: (...rest: Path) => Written): Fault[] {
  if (!field.enum) return [];
  const fits = (value: string | number | boolean): boolean => {
    switch (field.type) {
      case 'integer':
        return Number.isInteger(value);
      case 'number':
        return typeof value === 'number';
      case 'boolean':
        return typeof value === 'boolean';
      case 'date':
      case 'datetime':
      case 'time':
        return typeof value === 'string' && isTemporal(field.type, value);
      case 'string':
      case 'any':
        return typeof value === 'string';
    }
  };
  const isText = field.type === 'string' || field.type === 'any';
  return field.enum.flatMap((value, index) => {
    const where = written('enum', index);
    if (fits(value)) return inexactFault(field, 'enum', value, where);
    return [
      fault(
        'invalid-value',
        `${JSON.stringify(value)} is no ${isText ? 'text' : field.type}, as the values of "${field.name}" are`,
        where.place,
        isText ? `Write it in quotes: "${value}".` : 'Change the value or the type.',
      ),
    ];
  });
}

/** RE2 is the language of patterns, as the engine that runs them has it: named groups are `(?P<name>…)` only. */
function patternFaults(pattern: string, where: Place): Fault[] {
  const reason = whyNotRe2(pattern);
  return reason === undefined
    ? []
    : [
        fault(
          'pattern',
          `the pattern cannot be run: ${reason}`,
          where,
          'Write it in the syntax of RE2, which has no lookaround and no backreferences.',
        ),
      ];
}

function whyNotRe2(pattern: string): string | undefined {
  const named = /(?<!\\)\(\?<[A-Za-z]/.exec(pattern);
  if (named) return 'a named group is written (?P<name>…)';
  try {
    RE2JS.compile(pattern);
    return undefined;
  } catch (error) {
    return (error as Error).message.replace(/^error parsing regexp: /, '');
  }
}
