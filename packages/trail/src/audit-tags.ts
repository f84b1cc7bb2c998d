import type { AuditContext, AuditStep } from './audit.ts';
import { type EntryOf, entryPath } from './entry.ts';
import { trainingOf } from './gate-evidence.ts';
import { modelState, standingEntries } from './state.ts';

const TRAIL_TRAILER = 'Rastro-Trail: ';

/** The line in a version tag's message that names the trail head on which the release was decided. */
export function trailTrailer(head: string): string {
  return `${TRAIL_TRAILER}${head}`;
}

/** Step 10: the version's tag is the object that the release recorded, and was made on the trail as it was then. */
export async function auditTags(
  { chain, reader, model }: AuditContext,
  deploy: EntryOf<'deploy'>,
): Promise<AuditStep> {
  const step = 'tags' as const;
  const release = modelState(chain.entries, model).releases.get(deploy.event.version);
  if (!release) {
    return {
      step,
      status: 'unprovable',
      sentence: 'The release names no tag: it is not recorded.',
      evidence: [],
    };
  }
  const { tag: name, tagObject, commit } = release.event;
  const evidence = [entryPath(release), name];
  const tag = await reader.tagObject(name);
  if (!tag) {
    return {
      step,
      status: 'unprovable',
      sentence: `The annotated tag ${name} is not in this clone.`,
      evidence,
    };
  }
  if (tag.objectId !== tagObject || tag.commit !== commit) {
    return {
      step,
      status: 'violated',
      sentence: `The tag ${name} was swapped: the release recorded ${tagObject} on ${commit}, and it is ${tag.objectId} on ${tag.commit}.`,
      evidence,
    };
  }
  const decidedOn = tag.message
    .split('\n')
    .find((line) => line.startsWith(TRAIL_TRAILER))
    ?.slice(TRAIL_TRAILER.length)
    .trim();
  const before = chain.entries.filter(({ entry }) => entry.seq < release.seq);
  if (decidedOn !== undefined && !before.some((chained) => chained.commit === decidedOn)) {
    return {
      step,
      status: 'violated',
      sentence: `The tag ${name} was made on trail head ${decidedOn}, which the trail before the release does not contain.`,
      evidence,
    };
  }
  return {
    step,
    status: 'verified',
    sentence: `The tag ${name} is the object that the release recorded.`,
    evidence,
  };
}

/** Step 11: files in hand are the ones that the trail speaks of. */
export function auditFiles({ chain, files }: AuditContext, deploy: EntryOf<'deploy'>): AuditStep {
  const step = 'files' as const;
  if (!files || files.length === 0) {
    return { step, status: 'not-asked', sentence: 'No files were given to compare.', evidence: [] };
  }
  const { train, packaged } = trainingOf(standingEntries(chain.entries), deploy.event.sha256);
  const known = new Set([
    deploy.event.sha256,
    ...(train?.event.data ?? []).map(({ sha256 }) => sha256),
    ...(packaged?.event.files ?? []).map(({ sha256 }) => sha256),
  ]);
  const foreign = files.filter(({ sha256 }) => !known.has(sha256));
  const evidence = files.map(({ path }) => path);
  if (foreign.length > 0) {
    return {
      step,
      status: 'violated',
      sentence: `${foreign.map(({ path }) => path).join(', ')}: not a file that this deployment goes back to.`,
      evidence,
    };
  }
  return {
    step,
    status: 'verified',
    sentence: `The ${files.length} files given are the recorded ones.`,
    evidence,
  };
}
