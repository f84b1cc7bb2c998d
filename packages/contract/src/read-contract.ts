import { type Document, readDocument } from '@rastro/document';
import { type Fault, fault, InputError } from '@rastro/fault';
import { fieldFaults } from './field-faults.ts';
import { referenceFaults, ruleFaults } from './reference-faults.ts';
import { Contract } from './schema.ts';

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
    ...nulFaults(document, contract, []),
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

/** No text of data, SQL or a path can have the character NUL, so none of a contract may ask for it. */
function nulFaults(document: Document<Contract>, value: unknown, path: readonly PropertyKey[]): Fault[] {
  if (typeof value === 'string')
    return value.includes('\0')
      ? [fault('nul', 'the text has a NUL character in it', document.placeOf(path), 'Take it out.')]
      : [];
  if (typeof value !== 'object' || value === null) return [];
  const inside = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return inside.flatMap(([key, each]) => nulFaults(document, each, [...path, key]));
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
