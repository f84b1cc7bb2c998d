import { fault, InputError } from '@rastro/fault';
import { type CodedTexts, codedTexts, type Texts } from './coded-texts.ts';
import { missingValue } from './labels.ts';
import type { Context, Question } from './sample.ts';

/** @throws InputError when there is not one query for each row */
export function contextOf({ groups, naiveError }: Question, rows: number): Context {
  if (!groups) return { naiveError };
  sameLength('groups', groups.length, rows);
  const { codes, values } = codedTexts(groups);
  const missing = values.includes(null) ? codes.indexOf(values.indexOf(null)) : -1;
  if (missing >= 0) throw missingValue('group', missing);
  return { groups: codes, naiveError };
}

export function texts(labels: Texts | Float64Array, what: string): CodedTexts {
  if (labels instanceof Float64Array) throw mismatch(`the ${what} of a classification must be texts`);
  return codedTexts(labels);
}

export function sameLength(what: string, found: number, expected: number): void {
  if (found !== expected) throw mismatch(`there are ${found} ${what} for ${expected} rows of truth`);
}

export function mismatch(message: string): InputError {
  return new InputError(
    fault('answers-do-not-fit', message, undefined, 'Compare the task and the columns with the data.'),
  );
}
