import type { Check, CheckPlan, ContractField, ValueTest } from '@rastro/contract';
import type { OpenedFile } from './opened-file.ts';

/** How the values of a column are written, and the tests of them to prove. */
export interface ColumnTests {
  readonly kind: 'text' | 'integer' | 'number' | 'date' | 'datetime';
  /** The only texts that are of the type, where it has so few. */
  readonly texts?: readonly string[] | undefined;
  readonly tests: readonly ValueTest[];
}

/** What the bytes of a file may prove of its columns, by name. */
export function columnTests({ fields, source, checks }: CheckPlan): Map<string, ColumnTests> {
  if (!source.header || source.trim) return new Map();
  return new Map(
    fields.flatMap((field, index): [string, ColumnTests][] => {
      const kind = kindOf(field);
      if (kind === undefined) return [];
      const texts = field.type === 'boolean' ? [...field.trueValues, ...field.falseValues] : undefined;
      const tests = checks.flatMap(({ ask, needs }) =>
        ask.how === 'row' && ask.value && needs.includes(index) ? [ask.value] : [],
      );
      return [[field.name, { kind, texts, tests }]];
    }),
  );
}

/** How values of a field are written; undefined where only SQL can tell. */
function kindOf({ type, decimalChar, groupChar }: ContractField): ColumnTests['kind'] | undefined {
  switch (type) {
    case 'string':
    case 'any':
    case 'boolean':
      return 'text';
    case 'integer':
    case 'number':
      return decimalChar === '.' && groupChar === undefined ? type : undefined;
    case 'date':
    case 'datetime':
      return type;
    case 'time':
      return undefined;
  }
}

/** Positions of the checks that the bytes of all files prove to hold. */
export function provenChecks(plan: CheckPlan, files: readonly Pick<OpenedFile, 'proven'>[]): Set<number> {
  const holds = ({ ask, needs }: Check): boolean => {
    const test = ask.how === 'row' ? ask.value?.test : undefined;
    if (test === undefined) return false;
    return needs.every((field) =>
      files.every(({ proven }) => proven?.get(plan.fields[field]!.name)?.has(test)),
    );
  };
  return new Set(plan.checks.flatMap((check, index) => (holds(check) ? [index] : [])));
}
