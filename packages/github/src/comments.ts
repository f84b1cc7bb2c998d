import { marker } from '@rastro/report';
import { hasStatus } from './failures.ts';
import type { Session } from './session.ts';

export interface StickyComment {
  /** Of the issue or pull request. */
  readonly number: number;
  readonly key: string;
  readonly body: (previous: string | undefined) => string;
}

export interface WrittenComment {
  readonly url: string;
  readonly status: 'created' | 'updated' | 'unchanged';
  readonly body: string;
}

interface Comment {
  readonly id: number;
  readonly url: string;
  readonly body: string;
}

/** Keeps one comment of ours on a pull request. */
export async function upsertComment(session: Session, sticky: StickyComment): Promise<WrittenComment> {
  const doing = `commenting on #${sticky.number}`;
  return session.attempt({ doing, permission: 'pull-requests: write' }, () => keepComment(session, sticky));
}

/**
 * Keeps one comment of ours for a key. Who writes at the same time and made a second one finds the older after its own
 * creation, folds its text into that and deletes its own; so the oldest is always the one that stays.
 */
export async function keepComment(session: Session, sticky: StickyComment): Promise<WrittenComment> {
  const [oldest, ...younger] = await ourComments(session, sticky);
  if (!oldest) return createComment(session, sticky);
  const written = await updateComment(session, sticky, oldest);
  // Someone deleted it between our look and our write: then there is none again.
  if (!written) return createComment(session, sticky);
  // Left by a run that was killed before it could tidy up.
  for (const twin of younger) await deleteComment(session, twin.id);
  return written;
}

async function createComment(session: Session, sticky: StickyComment): Promise<WrittenComment> {
  const { octokit, place, identity } = session;
  const body = withMarker(sticky.key, sticky.body(undefined));
  const { data: mine } = await octokit.rest.issues.createComment({
    ...place,
    issue_number: sticky.number,
    body,
  });
  identity.learn(mine.user);
  const [oldest] = await ourComments(session, sticky);
  if (!oldest || oldest.id >= mine.id) return { url: mine.html_url, status: 'created', body };
  const folded = await updateComment(session, sticky, oldest);
  if (!folded) return { url: mine.html_url, status: 'created', body };
  await deleteComment(session, mine.id);
  return folded;
}

/** Undefined when the comment is gone. */
async function updateComment(
  { octokit, place }: Session,
  sticky: StickyComment,
  comment: Comment,
): Promise<WrittenComment | undefined> {
  const body = withMarker(sticky.key, sticky.body(comment.body));
  if (sameText(body, comment.body)) return { url: comment.url, status: 'unchanged', body };
  try {
    await octokit.rest.issues.updateComment({ ...place, comment_id: comment.id, body });
  } catch (error) {
    if (hasStatus(error, 404)) return undefined;
    throw error;
  }
  return { url: comment.url, status: 'updated', body };
}

async function deleteComment({ octokit, place }: Session, id: number): Promise<void> {
  try {
    await octokit.rest.issues.deleteComment({ ...place, comment_id: id });
  } catch (error) {
    // Another run was quicker.
    if (!hasStatus(error, 404)) throw error;
  }
}

/** Ours that begin with the key's marker, over all pages, oldest first. A marker that is merely quoted does not count. */
async function ourComments({ octokit, place, identity }: Session, sticky: StickyComment): Promise<Comment[]> {
  const start = marker(sticky.key);
  const all = await octokit.paginate(octokit.rest.issues.listComments, {
    ...place,
    issue_number: sticky.number,
    per_page: 100,
  });
  const found: Comment[] = [];
  for (const { id, html_url, body, user } of all) {
    if (!body?.startsWith(start) || !(await identity.isOurs(user))) continue;
    found.push({ id, url: html_url, body });
  }
  return found.sort((a, b) => a.id - b.id);
}

export function withMarker(key: string, body: string): string {
  const start = marker(key);
  return body.startsWith(start) ? body : `${start}\n${body}`;
}

/** The forge gives text back with its own line ends, and without white space at the end. */
export function sameText(a: string, b: string): boolean {
  const plain = (text: string) => text.replaceAll('\r\n', '\n').trimEnd();
  return plain(a) === plain(b);
}
