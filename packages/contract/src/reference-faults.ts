import { type Document, didYouMean } from '@rastro/document';
import { type Fault, fault, type Place } from '@rastro/fault';
import { mentionsOf } from './expression.ts';
import type { Contract } from './schema.ts';

type Path = readonly PropertyKey[];

/** Keys and freshness that name columns which are not declared, or do not fit. */
export function referenceFaults(document: Document<Contract>): Fault[] {
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

/** Rules over each row that name columns which are not declared, or cannot be told apart. */
export function ruleFaults(document: Document<Contract>): Fault[] {
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
