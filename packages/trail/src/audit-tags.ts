import { type AnnotatedTag, registryState } from '@rastro/registry';
import type { AuditContext, AuditStep } from './audit.ts';
import type { Move } from './audit-rules.ts';
import { counted } from './counted.ts';
import { type EntryOf, entryPath } from './entry.ts';
import { trainingOf } from './gate-evidence.ts';
import { modelState, standingEntries } from './state.ts';

const TRAIL_TRAILER = 'Rastro-Trail: ';

/** The line in a version tag's message that names the trail head on which the release was decided. */
export function trailTrailer(head: string): string {
  return `${TRAIL_TRAILER}${head}`;
}

/**
 * Step 10: the tags of the version and of its stage are the objects that the trail recorded, the first was made on the trail as
 * it was then, and no other tag gives the stage away or takes the version back.
 */
export async function auditTags(
  context: AuditContext,
  deploy: EntryOf<'deploy'>,
  move: Move | undefined,
): Promise<AuditStep> {
  const { chain, reader, model } = context;
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
  const tags = await reader.tags();
  const tag = tags.find((each) => each.name === name);
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
  const withdrawal = registryState(tags)
    .get(model)
    ?.events.findLast(({ version, stage }) => version === deploy.event.version && stage === null);
  if (withdrawal?.action === 'deregister') {
    return {
      step,
      status: 'violated',
      sentence: `The tag ${withdrawal.tag.name} withdraws ${model} ${deploy.event.version}, and no other version was deployed to ${deploy.event.environment} since.`,
      evidence: [...evidence, withdrawal.tag.name],
    };
  }
  const stage = move && stageTag(context, move, tags);
  if (move && stage) return { step, ...stage, evidence: [...evidence, entryPath(move)] };
  return {
    step,
    status: 'verified',
    sentence: move
      ? `The tags ${name} and ${move.event.tag} are the objects that the trail recorded.`
      : `The tag ${name} is the object that the release recorded.`,
    evidence,
  };
}

/** What is wrong with the tags of the stage; undefined when nothing is. */
function stageTag(
  { chain, model, environment }: AuditContext,
  move: Move,
  tags: readonly AnnotatedTag[],
): Pick<AuditStep, 'status' | 'sentence'> | undefined {
  const { tag: name, tagObject } = move.event;
  const tag = tags.find((each) => each.name === name);
  if (!tag) return { status: 'unprovable', sentence: `The annotated tag ${name} is not in this clone.` };
  if (tag.objectId !== tagObject) {
    const sentence = `The tag ${name} was swapped: the trail recorded ${tagObject}, and it is ${tag.objectId}.`;
    return { status: 'violated', sentence };
  }
  // Programs that read tags alone go by the last of them, which must then be one that the trail made.
  const registered = registryState(tags).get(model);
  const holder = modelState(chain.entries, model).stages.get(environment)?.version;
  if (registered?.stages.get(environment) === holder) return undefined;
  const made = new Set(
    chain.entries.flatMap(({ entry }) =>
      entry.kind === 'promote' || entry.kind === 'rollback' ? [entry.event.tagObject] : [],
    ),
  );
  const foreign = registered?.events.findLast(
    (event) => event.stage === environment && !made.has(event.tag.objectId),
  );
  return foreign
    ? {
        status: 'violated',
        sentence: `The tag ${foreign.tag.name}, which no entry made, says otherwise than the trail who holds ${environment}.`,
      }
    : undefined;
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
    sentence: `The recorded ones were given: ${counted(files.length, 'file')}.`,
    evidence,
  };
}
