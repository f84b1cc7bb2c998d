import type { AuditContext, AuditStep } from './audit.ts';
import { canonicalJson } from './canonical-json.ts';
import { type EntryOf, entryPath } from './entry.ts';
import { modelState } from './state.ts';

/** Whether an entry states what the evaluation record of the released commit does, where that commit holds the record. */
export async function heldToRecord(
  { chain, reader, crypto, model }: AuditContext,
  { event, ...place }: EntryOf<'evaluate'>,
): Promise<Omit<AuditStep, 'step'>> {
  const { releases } = modelState(chain.entries, model);
  const release = [...releases.values()].find(({ event: { sha256 } }) => sha256 === event.sha256);
  const record = release && (await reader.evaluation(release.event.commit, model));
  const path = entryPath(place);
  if (!record || crypto.sha256(record.bytes) !== event.recordSha256) {
    const sentence =
      'The released commit does not hold its record: the metrics are as the entry states them.';
    return { status: 'verified', sentence, evidence: [path] };
  }
  const evidence = [path, release.event.commit];
  if (record.states === null) {
    const sentence = `What ${path} states cannot be compared with its record, which this version of Rastro cannot read.`;
    return { status: 'unprovable', sentence, evidence };
  }
  const part = (['metrics', 'goals', 'slices'] as const).find(
    (name) => canonicalJson(event[name]) !== canonicalJson(record.states?.[name]),
  );
  if (part === undefined) {
    return { status: 'verified', sentence: 'They are those of the record in the released commit.', evidence };
  }
  const sentence = `${path} states other ${part} than the record in the released commit.`;
  return { status: 'violated', sentence, evidence };
}
