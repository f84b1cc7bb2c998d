import type { AuditContext, AuditStep } from './audit.ts';
import { canonicalJson } from './canonical-json.ts';
import { type EntryOf, entryPath } from './entry.ts';
import { modelState } from './state.ts';

/**
 * Whether an entry states what the evaluation record does that a released commit of the protected branch holds. Without such a
 * record nothing but the entry speaks for its metrics, and whoever may write to the trail could have made up both.
 */
export async function heldToRecord(
  context: AuditContext,
  { event, ...place }: EntryOf<'evaluate'>,
): Promise<Omit<AuditStep, 'step'>> {
  const { crypto } = context;
  const path = entryPath(place);
  const kept = await recordsOf(context, event.sha256);
  const record = kept.find(({ bytes }) => crypto.sha256(bytes) === event.recordSha256);
  if (!record) {
    const commits = kept.map(({ commit }) => commit);
    const sentence = `No released commit of the protected branch holds the record that ${path} speaks of, so that nothing but the entry vouches for its metrics. Commit the evaluation record together with the model.`;
    return { status: 'unprovable', sentence, evidence: [path, ...commits] };
  }
  const evidence = [path, record.commit];
  const { states } = record;
  if (states === null) {
    const sentence = `What ${path} states cannot be compared with its record, which this version of Rastro cannot read.`;
    return { status: 'unprovable', sentence, evidence };
  }
  const part = (['metrics', 'goals', 'slices'] as const).find(
    (name) => canonicalJson(event[name]) !== canonicalJson(states[name]),
  );
  if (part === undefined) {
    return { status: 'verified', sentence: 'They are those of the record in the released commit.', evidence };
  }
  const sentence = `${path} states other ${part} than the record in the released commit.`;
  return { status: 'violated', sentence, evidence };
}

/** The evaluation records in the commits that a file was released from, of those that the protected branch reaches. */
async function recordsOf({ chain, reader, model }: AuditContext, sha256: string) {
  const releases = [...modelState(chain.entries, model).releases.values()];
  const commits = new Set(
    releases.filter(({ event }) => event.sha256 === sha256).map(({ event }) => event.commit),
  );
  const places = await reader.whereAre([...commits]);
  const records = [];
  for (const commit of commits) {
    const record = places.get(commit) === 'protected' ? await reader.evaluation(commit, model) : undefined;
    if (record) records.push({ commit, ...record });
  }
  return records;
}
