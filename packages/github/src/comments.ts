import { setTimeout as sleep } from 'node:timers/promises';
import { marker } from '@rastro/report';
import { type CommentStore, keepOneComment } from '@rastro/usecases';
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

/** Keeps one comment of ours on a pull request. */
export async function upsertComment(session: Session, sticky: StickyComment): Promise<WrittenComment> {
  const doing = `commenting on #${sticky.number}`;
  return session.attempt({ doing, permission: 'pull-requests: write' }, () => keepComment(session, sticky));
}

/** Keeps one comment of ours for a key. */
export async function keepComment(session: Session, sticky: StickyComment): Promise<WrittenComment> {
  return keepOneComment(storeOf(session, sticky), (previous) =>
    withMarker(sticky.key, sticky.body(previous)),
  );
}

function storeOf(session: Session, { number, key }: StickyComment): CommentStore {
  const { octokit, place, identity } = session;
  return {
    ours: () => ourComments(session, number, key),
    async create(body) {
      const { data } = await octokit.rest.issues.createComment({ ...place, issue_number: number, body });
      identity.learn(data.user);
      return { id: data.id, url: data.html_url, body };
    },
    async update(id, body) {
      try {
        await octokit.rest.issues.updateComment({ ...place, comment_id: id, body });
        return true;
      } catch (error) {
        if (hasStatus(error, 404)) return false;
        throw error;
      }
    },
    async remove(id) {
      try {
        await octokit.rest.issues.deleteComment({ ...place, comment_id: id });
      } catch (error) {
        // Another run was quicker.
        if (!hasStatus(error, 404)) throw error;
      }
    },
    wait: (milliseconds) => sleep(milliseconds),
  };
}

/** Ours that begin with the key's marker, over all pages, oldest first. A marker that is merely quoted does not count. */
async function ourComments({ octokit, place, identity }: Session, number: number, key: string) {
  const start = marker(key);
  const all = await octokit.paginate(octokit.rest.issues.listComments, {
    ...place,
    issue_number: number,
    per_page: 100,
  });
  const found = [];
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
