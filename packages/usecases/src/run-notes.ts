import { z } from 'zod';
import type { Ports, Workspace } from './ports/index.ts';

/**
 * When a file was made by this checkout, beside the file itself: records must not hold a time, or the same input would
 * not give the same bytes. Kept under `.rastro/runs`, never committed.
 */
const Note = z.strictObject({ at: z.number(), sha256: z.string() });

interface Run {
  readonly verb: string;
  readonly subject: string;
  /** Digest of the file that the run wrote. */
  readonly sha256: string;
}

export async function noteRun(
  { workspace, clock }: Pick<Ports, 'workspace' | 'clock'>,
  { verb, subject, sha256 }: Run,
): Promise<void> {
  await workspace.write('.rastro/.gitignore', '*\n');
  await workspace.write(path(verb, subject), `${JSON.stringify({ at: clock.now(), sha256 })}\n`);
}

/** When this checkout made the file with that digest, in milliseconds since the epoch; undefined when it did not. */
export async function timeOfRun(
  workspace: Workspace,
  { verb, subject, sha256 }: Run,
): Promise<number | undefined> {
  const text = await workspace.readText(path(verb, subject));
  if (text === undefined) return undefined;
  const note = Note.safeParse(JSON.parse(text));
  return note.success && note.data.sha256 === sha256 ? note.data.at : undefined;
}

function path(verb: string, subject: string): string {
  return `.rastro/runs/${verb}-${subject.replaceAll('/', '__')}.json`;
}
