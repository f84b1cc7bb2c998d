import type { Git } from './git.ts';
import { checkedIdentity, checkedObjectId, checkedRefName } from './names.ts';
import { presentCommits } from './objects.ts';

/**
 * Where tags of the remote are kept. A checkout rewrites the tag that it was started by into a lightweight one under
 * `refs/tags`; here nobody but us writes.
 */
const OURS = 'refs/rastro/tags/';

/** Where a tag of the remote (`refs/tags/…`) is kept here. */
export function seenTag(ref: string): string {
  return `${OURS}${ref.slice('refs/tags/'.length)}`;
}

/** An annotated tag of a commit. `taggedAt` in seconds since the epoch. */
export interface ReadTag {
  readonly name: string;
  readonly objectId: string;
  readonly commit: string;
  readonly message: string;
  readonly taggedAt: number;
  readonly tagger: string;
}

const FIELDS = [
  '%(refname)',
  '%(objecttype)',
  '%(objectname)',
  '%(*objecttype)',
  '%(*objectname)',
  '%(taggername) %(taggeremail)',
  '%(taggerdate:unix)',
  '%(contents)',
];

/** The annotated tags under a prefix, by name. Lightweight ones, and those of other objects than commits, are left out. */
export async function readTags(git: Git, prefix: 'refs/tags/' | 'refs/rastro/tags/'): Promise<ReadTag[]> {
  const format = FIELDS.map((field) => `${field}%00`).join('');
  const answer = await git.text(['for-each-ref', `--format=${format}`, prefix]);
  const values = answer.split('\0');
  const tags: ReadTag[] = [];
  for (let at = 0; at + FIELDS.length < values.length + 1; at += FIELDS.length) {
    const [ref = '', type, objectId = '', targetType, commit = '', tagger = '', date, message = ''] =
      values.slice(at, at + FIELDS.length);
    if (type !== 'tag' || targetType !== 'commit') continue;
    const name = ref.trimStart().slice(prefix.length);
    tags.push({ name, objectId, commit, message, taggedAt: Number(date), tagger });
  }
  return tags;
}

/**
 * Fetches the remote's annotated tags, and forgets those that it no longer has. In a shallow clone a tag of a commit that
 * is not there comes without its history; the history that is there is never cut shorter.
 */
export async function fetchTags(
  git: Git,
  remote: string,
  { isShallow, advertised }: { isShallow: boolean; advertised: string },
): Promise<void> {
  const theirs = remoteTags(advertised);
  const ours = await ownTags(git);
  const gone = [...ours.keys()].filter((name) => !theirs.has(name));
  if (gone.length > 0) {
    const commands = gone.map((name) => `delete ${OURS}${name}`);
    await git.run(['update-ref', '--stdin'], { input: `${commands.join('\n')}\n` });
  }
  const wanted = [...theirs].filter(([name, { objectId }]) => ours.get(name) !== objectId);
  const present = isShallow
    ? await presentCommits(
        git,
        wanted.map(([, { commit }]) => commit),
      )
    : new Set(wanted.map(([, { commit }]) => commit));
  const names = (list: typeof wanted) => list.map(([name]) => name);
  await fetchInto(git, remote, names(wanted.filter(([, { commit }]) => present.has(commit))), []);
  await fetchInto(git, remote, names(wanted.filter(([, { commit }]) => !present.has(commit))), ['--depth=1']);
}

/** What fetches a tag to where we keep it. */
export function tagRefspec(name: string): string {
  return `+refs/tags/${name}:${OURS}${name}`;
}

/** Names of the remote's annotated tags that are not here as they are there. `advertised` is an answer of `git ls-remote`. */
export async function missingTags(git: Git, advertised: string): Promise<string[]> {
  const ours = await ownTags(git);
  return [...remoteTags(advertised)]
    .filter(([name, { objectId }]) => ours.get(name) !== objectId)
    .map(([name]) => name);
}

async function fetchInto(
  git: Git,
  remote: string,
  names: readonly string[],
  options: readonly string[],
): Promise<void> {
  if (names.length === 0) return;
  const refspecs = names.map(tagRefspec);
  await git.run(
    ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', ...options, '--stdin', '--', remote],
    {
      input: `${refspecs.join('\n')}\n`,
    },
  );
}

/** Annotated tags in an answer of `git ls-remote`, which lists what such a tag points at as `<name>^{}`. */
function remoteTags(answer: string): Map<string, { objectId: string; commit: string }> {
  const prefix = 'refs/tags/';
  const ids = new Map(
    answer
      .split('\n')
      .filter((line) => line.includes(`\t${prefix}`))
      .map((line) => {
        const [id = '', ref = ''] = line.split('\t');
        return [ref.slice(prefix.length), id] as const;
      }),
  );
  const tags = new Map<string, { objectId: string; commit: string }>();
  for (const [name, objectId] of ids) {
    const commit = ids.get(`${name}^{}`);
    if (commit !== undefined) tags.set(name, { objectId, commit });
  }
  return tags;
}

async function ownTags(git: Git): Promise<Map<string, string>> {
  const answer = await git.text(['for-each-ref', '--format=%(objectname) %(refname)', OURS]);
  return new Map(
    answer
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const [id = '', ref = ''] = line.split(' ');
        return [ref.slice(OURS.length), id];
      }),
  );
}

/** Writes an annotated tag object, and no ref. `mktag` refuses an object that git itself would not have written. */
export async function writeTag(
  git: Git,
  tag: {
    name: string;
    target: string;
    message: string;
    tagger: { name: string; email: string };
    taggedAt: number;
  },
): Promise<string> {
  const { name, email } = checkedIdentity(tag.tagger);
  const header = [
    `object ${checkedObjectId(tag.target)}`,
    'type commit',
    `tag ${checkedRefName(tag.name)}`,
    `tagger ${name} <${email}> ${tag.taggedAt} +0000`,
  ];
  return git.text(['mktag'], { input: `${header.join('\n')}\n\n${tag.message.trimEnd()}\n` });
}
