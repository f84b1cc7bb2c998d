import { fault, OutsideError } from '@rastro/fault';
import { type Git, gitFailed } from './git.ts';
import { type RefUpdate, updateRefs } from './push.ts';
import { localRef } from './refs.ts';
import { missingTags, seenTag, tagRefspec } from './tags.ts';

export const TRAIL_BRANCH = 'refs/heads/rastro/trail';
/** The trail as last seen at the remote. It only ever moves forward. */
const TRAIL_SEEN = 'refs/rastro/trail';

/** The tip of the trail as this clone has it. */
export async function knownTrail(git: Git, remote: string): Promise<string | undefined> {
  return furthestTrail(git, [TRAIL_SEEN, `refs/remotes/${remote}/rastro/trail`, TRAIL_BRANCH]);
}

/**
 * Brings the trail that the remote advertises, with the tags that its entries made, in one fetch for both.
 * @throws OutsideError `trail-rewritten` when it does not continue the one seen before.
 */
export async function fetchTrail(
  git: Git,
  remote: string,
  { advertised, isShallow }: { advertised: string; isShallow: boolean },
): Promise<string | undefined> {
  const seen = await localRef(git, TRAIL_SEEN);
  const theirs = /^([0-9a-f]+)\trefs\/heads\/rastro\/trail$/m.exec(advertised)?.[1];
  if (theirs === seen) return theirs;
  if (theirs === undefined) throw rewritten();
  const args = ['fetch', '--no-tags', '--no-write-fetch-head', '--stdin', '--', remote];
  // In a shallow clone tags come without their history, in a fetch of their own.
  const tags = isShallow ? [] : (await missingTags(git, advertised)).map(tagRefspec);
  const output = await git.run(args, {
    input: `${[`${TRAIL_BRANCH}:${TRAIL_SEEN}`, ...tags].join('\n')}\n`,
    allow: [0, 1],
  });
  if (/non-fast-forward/.test(output.stderr)) throw rewritten();
  if (output.exitCode !== 0) throw gitFailed(args, output);
  return localRef(git, TRAIL_SEEN);
}

/**
 * The furthest that this clone knows the trail: as we saw it last, or as a plain `git fetch` brought it.
 * Of two that have parted the one that we saw counts: the other was rewritten.
 */
async function furthestTrail(git: Git, refs: readonly string[]): Promise<string | undefined> {
  let furthest: string | undefined;
  for (const ref of refs) {
    const id = await localRef(git, ref);
    if (id === undefined || id === furthest) continue;
    if (furthest === undefined || (await leadsTo(git, furthest, id))) furthest = id;
  }
  return furthest;
}

async function leadsTo(git: Git, ancestor: string, descendant: string): Promise<boolean> {
  const { exitCode } = await git.run(['merge-base', '--is-ancestor', ancestor, descendant], {
    allow: [0, 1],
  });
  return exitCode === 0;
}

/**
 * Notes what the remote took, so that the same clone sees it offline. Who was quicker to note more is right. A tag is left
 * where `git tag` lists it, too, as after any other command that makes one; one of that name with other content stays.
 */
export async function noteSeen(git: Git, updates: readonly RefUpdate[]): Promise<void> {
  for (const { ref, to } of updates) {
    if (ref === TRAIL_BRANCH) {
      const seen = await localRef(git, TRAIL_SEEN);
      if (seen === undefined || (await leadsTo(git, seen, to)))
        await updateRefs(git, [{ ref: TRAIL_SEEN, to, expect: seen ?? null }]);
    } else {
      await updateRefs(git, [{ ref: seenTag(ref), to, expect: null }]);
      await updateRefs(git, [{ ref, to, expect: null }]);
    }
  }
}

function rewritten(): OutsideError {
  return new OutsideError(
    fault(
      'trail-rewritten',
      'the trail at the remote does not continue the one that this clone has seen: it was rewritten or deleted',
      undefined,
      'Restore rastro/trail at the remote from this clone (refs/rastro/trail), and protect the branch.',
    ),
  );
}
