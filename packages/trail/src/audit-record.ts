import type { AuditContext, AuditStep } from './audit.ts';
import { canonicalJson } from './canonical-json.ts';
import { type EntryOf, entryPath } from './entry.ts';
import { modelState } from './state.ts';

/**
 * Whether an entry states what the evaluation record does that a released commit of the protected branch holds. A workflow that
 * evaluates what it releases has no such commit: then the trail alone speaks for the metrics, which is told as a limit, because
 * whoever may write to the trail could have made them up.
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
    return {
      status: 'verified',
      sentence: 'They are as the trail states them.',
      evidence: [path, ...commits],
      limit: `No released commit of the protected branch holds the evaluation record that ${path} speaks of: nothing but the trail vouches for its metrics. Committing metrics/ lets Git vouch for them, too.`,
    };
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
