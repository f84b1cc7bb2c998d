import type { KeyPart, Scans } from '@rastro/contract';
import { OutsideError } from '@rastro/fault';
import type { JsonRow, Session } from './session.ts';

/** A row that breaks a check: where, the values that it shows, a mark of it, and where the same key came first. */
export interface BrokenRow {
  readonly at: number;
  readonly shown: readonly (string | null)[];
  readonly print: string;
  readonly first?: number;
}

export function brokenRow({ _at, shown, print, first }: JsonRow): BrokenRow {
  return {
    at: Number(_at),
    shown: shown as (string | null)[],
    print: String(print),
    ...(first === null || first === undefined ? {} : { first: Number(first) }),
  };
}

/** Rows whose key came before, or is not in the other dataset. `among`: the hashes of the only keys that may; undefined for any. */
export async function countKeys(
  session: Session,
  scans: Scans,
  index: number,
  among: readonly bigint[] | undefined,
): Promise<number> {
  if (among?.length === 0) return 0;
  const counts = await inParts(among, async (part) => Number((await session.row(scans.keys(index, part))).k));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** The first of those rows. */
export async function keyRows(
  session: Session,
  scans: Scans,
  { index, limit, among }: { index: number; limit: number; among: readonly bigint[] | undefined },
): Promise<BrokenRow[]> {
  const parts = await inParts(among, (part) => session.rows(scans.keyLines(index, part)));
  return parts
    .flat()
    .map(brokenRow)
    .sort((a, b) => a.at - b.at)
    .slice(0, limit);
}

/** Asks all at once, and where that is too much for the memory, part by part. */
async function inParts<T>(
  among: readonly bigint[] | undefined,
  ask: (part: KeyPart) => Promise<T>,
): Promise<T[]> {
  const each = (parts: number) => eachPart(parts, (part) => ask({ part, parts, ...(among && { among }) }));
  for (const parts of [1, 16]) {
    try {
      return await each(parts);
    } catch (error) {
      if (!(error instanceof OutsideError)) throw error;
    }
  }
  return each(128);
}

async function eachPart<T>(parts: number, ask: (part: number) => Promise<T>): Promise<T[]> {
  const answers: T[] = [];
  for (let part = 0; part < parts; part++) answers.push(await ask(part));
  return answers;
}
