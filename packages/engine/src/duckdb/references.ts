import { type CheckPlan, plainColumn } from '@rastro/contract';
import { didYouMean } from '@rastro/document';
import { fault, InputError, place } from '@rastro/fault';
import { type OpenedFile, openFile, type Scratch } from './opened-file.ts';
import type { Session } from './session.ts';

type Reference = CheckPlan['references'][number];

/** Makes the views `reference<i>` that foreign keys are looked up in, with the columns `_r<j>`: values of the fields' types. */
export async function makeReferences(session: Session, plan: CheckPlan, scratch: Scratch): Promise<void> {
  for (const [index, reference] of plan.references.entries()) {
    const { source, declared } = reference;
    if (source.files.length === 0) continue;
    const selects: string[] = [];
    for (const file of source.files) {
      const opened = await openFile(session, file, { ...source, limit: 1 }, scratch);
      refuseFaults(opened);
      const names = source.header || !declared ? opened.facts.columns : declared.map(({ name }) => name);
      selects.push(`SELECT ${valuesOf(opened, names, reference, plan).join(', ')} FROM ${opened.relation}`);
    }
    await session.run(`CREATE OR REPLACE TEMP VIEW reference${index} AS ${selects.join('\nUNION ALL ')}`);
  }
}

/** Rows that cannot be read would be values that are missing there, and every key to them a breach here. */
function refuseFaults({ file, facts }: OpenedFile): void {
  const found = facts.faults.find(({ code }) => code !== 'line-ends' && code !== 'empty');
  if (!found) return;
  const [first] = found.places;
  throw new InputError(
    fault(
      'reference-structure',
      `${file.path}, which a foreign key points into, cannot be read as it is: ${first?.note ?? found.code}`,
      place(file.path, first?.line),
      'Mend the file, or say how it is read in a contract of its own.',
    ),
  );
}

/** Values of the other dataset, read as strictly as those here: `2.5` there is no 2 to point at. */
function valuesOf(
  { file, columns }: OpenedFile,
  names: readonly string[],
  { source, columns: wanted, declared, fields }: Reference,
  plan: CheckPlan,
): string[] {
  const { trim, missingValues } = source;
  return wanted.map((name, position) => {
    const column = columns[names.indexOf(name)];
    if (!column) throw unknownColumn(file.path, name, names);
    const { type } = plan.fields[fields[position]!]!;
    const notation = declared?.find((field) => field.name === name);
    const sql = plainColumn({
      ...(notation && {
        trueValues: notation.trueValues,
        falseValues: notation.falseValues,
        decimalChar: notation.decimalChar,
        groupChar: notation.groupChar,
      }),
      type: type === 'string' ? 'any' : type,
      column: column.sql,
      physical: column.physical,
      trim,
      missingValues,
    });
    return `${sql.value} AS _r${position}`;
  });
}

function unknownColumn(path: string, name: string, names: readonly string[]): InputError {
  const nearest = didYouMean(name, names);
  return new InputError(
    fault(
      'unknown-column',
      `${path} has no column "${name}", which a foreign key names`,
      place(path, 1),
      nearest ? `Did you mean "${nearest}"?` : `It has: ${names.join(', ')}.`,
    ),
  );
}
