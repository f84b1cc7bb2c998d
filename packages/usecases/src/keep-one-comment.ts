/** A comment as a forge has it. Ids grow with time. */
export interface StoredComment {
  readonly id: number;
  readonly url: string;
  readonly body: string;
}

/** The comments of ours for one key on one pull request, at a forge. */
export interface CommentStore {
  /** Over all pages, oldest first. */
  ours(): Promise<StoredComment[]>;
  create(body: string): Promise<StoredComment>;
  /** False when it is gone. */
  update(id: number, body: string): Promise<boolean>;
  /** Nothing happens when it is gone. */
  remove(id: number): Promise<void>;
  wait(milliseconds: number): Promise<void>;
}

export interface KeptComment {
  readonly url: string;
  readonly status: 'created' | 'updated' | 'unchanged';
  readonly body: string;
}

/**
 * Keeps one comment. Who writes at the same time and made a second one finds the older after its own creation, folds its text
 * into that and deletes its own; so the oldest is always the one that stays.
 */
export async function keepOneComment(
  store: CommentStore,
  makeBody: (previous: string | undefined) => string,
): Promise<KeptComment> {
  const [oldest, ...younger] = await store.ours();
  if (!oldest) return create(store, makeBody);
  const written = await update(store, makeBody, oldest);
  // Someone deleted it between our look and our write: then there is none again.
  if (!written) return create(store, makeBody);
  // Left by a run that was killed before it could tidy up.
  for (const twin of younger) await store.remove(twin.id);
  return written;
}

async function create(
  store: CommentStore,
  makeBody: (previous: string | undefined) => string,
): Promise<KeptComment> {
  const body = makeBody(undefined);
  const mine = await store.create(body);
  const oldest = await oldestSince(store, mine);
  if (!oldest || oldest.id >= mine.id) return { url: mine.url, status: 'created', body };
  const folded = await update(store, makeBody, oldest);
  if (!folded) return { url: mine.url, status: 'created', body };
  await store.remove(mine.id);
  return folded;
}

const MOST_LOOKS = 6;
const FIRST_WAIT = 100;

/**
 * The oldest of a list that has our comment, or one before it. A forge may list from a copy that is a moment behind; one that
 * has ours has every older one too.
 */
async function oldestSince(store: CommentStore, mine: StoredComment): Promise<StoredComment | undefined> {
  for (let look = 1; ; look++) {
    const [oldest] = await store.ours();
    if ((oldest && oldest.id <= mine.id) || look === MOST_LOOKS) return oldest;
    await store.wait(FIRST_WAIT * 2 ** (look - 1));
  }
}

/** Undefined when the comment is gone. */
async function update(
  store: CommentStore,
  makeBody: (previous: string | undefined) => string,
  comment: StoredComment,
): Promise<KeptComment | undefined> {
  const body = makeBody(comment.body);
  if (sameText(body, comment.body)) return { url: comment.url, status: 'unchanged', body };
  return (await store.update(comment.id, body)) ? { url: comment.url, status: 'updated', body } : undefined;
}

/** A forge gives text back with its own line ends, and without white space at the end. */
export function sameText(a: string, b: string): boolean {
  const plain = (text: string) => text.replaceAll('\r\n', '\n').trimEnd();
  return plain(a) === plain(b);
}
