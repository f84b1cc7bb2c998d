import { type Document, didYouMean, readDocument } from '@rastro/document';
import { type Fault, fault, InputError, type Place } from '@rastro/fault';
import { RE2JS } from 're2js';
import { mentionsOf } from './expression.ts';
import { Contract, type ContractField } from './schema.ts';

type Path = readonly PropertyKey[];

const NUMERIC = ['integer', 'number'];
const TEMPORAL = {
  date: /^\d{4}-\d{2}-\d{2}$/,
  datetime: /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?Z?)?$/,
  time: /^([01]\d|2[0-3]):\d{2}(:\d{2}(\.\d{1,6})?)?$/,
};
/** Whether a text is a date or time that there is: 2024-02-30 is none. */
function isTemporal(type: keyof typeof TEMPORAL, text: string): boolean {
  if (!TEMPORAL[type].test(text)) return false;
  const whole = type === 'time' ? `1970-01-01T${text}Z` : `${text.replace(/Z$/, '').replace(' ', 'T')}Z`;
  const stamp = new Date(whole.length === 11 ? text : whole);
  return (
    !Number.isNaN(stamp.getTime()) && (type === 'time' || stamp.toISOString().startsWith(text.slice(0, 10)))
  );
}

const BOUNDS = ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'] as const;

/**
 * Reads a data contract.
 * @throws InputError with every fault at its line and column: unknown keys, columns that are not declared, patterns that
 * RE2 cannot run, bounds that no value can keep, constraints that the type does not have.
 */
export function readContract(text: string, file: string): Document<Contract> {
  const document = withExpressionPlaces(readDocument(text, file, Contract), text);
  const faults = faultsIn(document);
  if (faults.length > 0) throw new InputError(faults);
  return document;
}

/** The place of a rule's expression is that of its first character: behind the quote where YAML quotes it. */
function withExpressionPlaces(document: Document<Contract>, text: string): Document<Contract> {
  const lines = text.split('\n');
  return {
    ...document,
    placeOf: (path) => {
      const where = document.placeOf(path);
      const isExpression = path.length === 3 && path[0] === 'rules' && path[2] === 'check';
      if (!isExpression || where.line === undefined || where.column === undefined) return where;
      const first = lines[where.line - 1]?.[where.column - 1];
      return first === '"' || first === "'" ? { ...where, column: where.column + 1 } : where;
    },
  };
}

function faultsIn(document: Document<Contract>): Fault[] {
  const { value: contract } = document;
  return [
    ...repeated(contract.fields.map(({ name }) => name)).map(({ name, index }) =>
      fault(
        'repeated-column',
        `the column "${name}" is declared twice`,
        document.placeOf(['fields', index, 'name']),
        'Keep one of the two.',
      ),
    ),
    ...repeated(contract.rules.map(({ name }) => name)).map(({ name, index }) =>
      fault(
        'repeated-rule',
        `two rules are named "${name}"`,
        document.placeOf(['rules', index, 'name']),
        'Give each rule its own name.',
      ),
    ),
    ...sourceFaults(document),
    ...contract.fields.flatMap((field, index) => fieldFaults(document, field, ['fields', index])),
    ...referenceFaults(document),
    ...ruleFaults(document),
  ];
}

/** One character cannot separate fields, enclose them and begin a comment. */
function sourceFaults(document: Document<Contract>): Fault[] {
  const { delimiter, quote, comment, format } = document.value.source;
  const separates = delimiter ?? (format === 'tsv' ? '\t' : ',');
  const same = (key: string, others: string): Fault =>
    fault(
      'separator',
      `source.${key} is the same character as ${others}`,
      document.placeOfKey(['source', key]),
      'Change one of them.',
    );
  return [
    ...(quote === separates
      ? [
          same(
            delimiter === undefined ? 'quote' : 'delimiter',
            delimiter === undefined ? 'the delimiter' : 'the quote',
          ),
        ]
      : []),
    ...(comment === separates || comment === quote ? [same('comment', 'the delimiter or the quote')] : []),
  ];
}

function repeated(names: readonly string[]): { name: string; index: number }[] {
  return names.flatMap((name, index) => (names.indexOf(name) < index ? [{ name, index }] : []));
}

function fieldFaults(document: Document<Contract>, field: ContractField, path: Path): Fault[] {
  const at = (...rest: Path): Place => document.placeOf([...path, ...rest]);
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
      faults.push(...boundFaults(field, key, bound, at(key), () => misfit(key, 'numbers, dates and times')));
  }
  faults.push(...orderFaults(field, at), ...enumFaults(field, at));
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
  where: Place,
  misfit: () => void,
): Fault[] {
  if (NUMERIC.includes(field.type)) {
    if (typeof bound === 'number') return [];
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
        `"${field.name}": no text has ${field.minLength} to ${field.maxLength} characters`,
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

function enumFaults(field: ContractField, at: (...rest: Path) => Place): Fault[] {
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
  return field.enum.flatMap((value, index) =>
    fits(value)
      ? []
      : [
          fault(
            'invalid-value',
            `${JSON.stringify(value)} is no ${isText ? 'text' : field.type}, as the values of "${field.name}" are`,
            at('enum', index),
            isText ? `Write it in quotes: "${value}".` : 'Change the value or the type.',
          ),
        ],
  );
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

function referenceFaults(document: Document<Contract>): Fault[] {
  const { value: contract } = document;
  const list = (
    path: Path,
    value: string | readonly string[] | undefined,
  ): { name: string; path: Path }[] => {
    if (value === undefined) return [];
    return typeof value === 'string'
      ? [{ name: value, path }]
      : value.map((name, index) => ({ name, path: [...path, index] }));
  };
  const named = [
    ...list(['primaryKey'], contract.primaryKey),
    ...contract.foreignKeys.flatMap((key, index) => list(['foreignKeys', index, 'fields'], key.fields)),
    ...list(['freshness', 'field'], contract.freshness?.field),
  ];
  const known = contract.fields.map(({ name }) => name);
  const faults = named
    .filter(({ name }) => !known.includes(name))
    .map(({ name, path }) => unknownColumn(name, known, document.placeOf(path)));
  contract.foreignKeys.forEach((key, index) => {
    if ([key.fields].flat().length !== [key.reference.fields].flat().length) {
      faults.push(
        fault(
          'foreign-key',
          'a foreign key has as many columns here as there',
          document.placeOf(['foreignKeys', index, 'reference', 'fields']),
          'Name the columns in the same order on both sides.',
        ),
      );
    }
  });
  const fresh = contract.fields.find(({ name }) => name === contract.freshness?.field);
  if (fresh && fresh.type !== 'date' && fresh.type !== 'datetime') {
    faults.push(
      fault(
        'constraint-type',
        `freshness needs a date or datetime column; "${fresh.name}" is ${fresh.type}`,
        document.placeOf(['freshness', 'field']),
        'Name a column of one of these types under "freshness".',
      ),
    );
  }
  return faults;
}

function unknownColumn(name: string, known: readonly string[], where: Place): Fault {
  const nearest = didYouMean(name, known);
  return fault(
    'unknown-column',
    `the contract names a column "${name}" that it does not declare`,
    where,
    nearest ? `Did you mean "${nearest}"?` : 'Declare it under "fields".',
  );
}

function ruleFaults(document: Document<Contract>): Fault[] {
  const { fields, rules } = document.value;
  const known = fields.map(({ name }) => name);
  return rules.flatMap((rule, index) => {
    const where = document.placeOf(['rules', index, 'check']);
    const { columns, unknown } = mentionsOf(rule.check, known);
    const twins = columns.flatMap((name) =>
      known.filter((other) => other !== name && other.toLowerCase() === name.toLowerCase()),
    );
    const reserved = columns.filter((name) => /^(_[cfhtvxr]\d+|_at)$/i.test(name));
    return [
      ...reserved.map((name) =>
        fault(
          'reserved-name',
          `a rule cannot name the column "${name}": the plan of checks uses that name`,
          where,
          'Rename the column.',
        ),
      ),
      ...unknown.map(({ name, offset }) => unknownColumn(name, known, inText(where, rule.check, offset))),
      ...twins.map((name) =>
        fault(
          'ambiguous-column',
          `the rule names a column that differs from "${name}" only in letter case, which SQL cannot tell apart`,
          where,
          'Rename one of the two columns, or write the name as the contract does.',
        ),
      ),
    ];
  });
}

/** The place inside a one-line text; the place of the text when it has several lines. */
export function inText(where: Place, text: string, offset: number): Place {
  if (where.column === undefined || text.includes('\n')) return where;
  return { ...where, column: where.column + offset };
}
