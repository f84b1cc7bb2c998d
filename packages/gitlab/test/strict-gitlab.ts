import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

interface StoredNote {
  id: number;
  body: string;
  system: boolean;
  author: { id: number; username: string };
}

export interface StrictGitLab {
  readonly apiUrl: string;
  readonly notes: StoredNote[];
  readonly requests: string[];
  /** Requests that GitLab's own API would not understand. */
  readonly violations: string[];
  write(author: number, body: string): void;
  [Symbol.asyncDispose](): Promise<void>;
}

export const TOKEN = 'glpat-loopback';
const SELF = 42;

/**
 * As much of GitLab's REST API as notes on a merge request need, after https://docs.gitlab.com/api/notes: the token in its own
 * header, pages of at most 100 told by `x-next-page`, only the author's notes to be changed, bodies of at most a million characters.
 */
export async function startStrictGitLab({ project = 'acme/churn', request = 7 } = {}): Promise<StrictGitLab> {
  const notes: StoredNote[] = [];
  const requests: string[] = [];
  const violations: string[] = [];
  let lastId = 999;
  const add = (author: number, body: string) => {
    const note = {
      id: ++lastId,
      body,
      system: false,
      author: { id: author, username: `user-${author}` },
    };
    notes.push(note);
    return note;
  };
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const url = new URL(incoming.url ?? '/', 'http://gitlab');
      requests.push(`${incoming.method} ${url.pathname}`);
      const answer = answerTo({
        method: incoming.method ?? '',
        url,
        token: String(incoming.headers['private-token'] ?? ''),
        type: String(incoming.headers['content-type'] ?? ''),
        text: Buffer.concat(chunks).toString('utf8'),
      });
      outgoing.writeHead(answer.status, {
        'content-type': 'application/json',
        ...('headers' in answer ? answer.headers : {}),
      });
      outgoing.end(answer.body === undefined ? '' : JSON.stringify(answer.body));
    });
  });
  const root = `/api/v4/projects/${encodeURIComponent(project)}/merge_requests/${request}`;

  const answerTo = (call: { method: string; url: URL; token: string; type: string; text: string }) => {
    const { method, url, token, type, text } = call;
    const route = `${method} ${url.pathname}`;
    if (token !== TOKEN) return { status: 401, body: { message: '401 Unauthorized' } };
    if (route === 'GET /api/v4/user') return { status: 200, body: { id: SELF, username: 'project_bot' } };
    if (route === `GET ${root}`)
      return {
        status: 200,
        body: { iid: request, web_url: `https://gitlab.example/${project}/-/merge_requests/${request}` },
      };
    if (route === `GET ${root}/notes`) return page(url);
    const one = new RegExp(`^${root}/notes/(\\d+)$`).exec(url.pathname);
    const isWrite = route === `POST ${root}/notes` || (method === 'PUT' && one);
    if (isWrite && type !== 'application/json') violations.push(`${route}: content type ${type}`);
    const body = isWrite ? (JSON.parse(text) as { body?: unknown }).body : undefined;
    if (isWrite && (typeof body !== 'string' || body === '' || body.length > 1_000_000)) {
      violations.push(`${route}: body`);
      return { status: 400, body: { message: '400 Bad request - Note {:note=>["can\'t be blank"]}' } };
    }
    if (route === `POST ${root}/notes`) return { status: 201, body: add(SELF, String(body)) };
    const note = one && notes.find(({ id }) => id === Number(one[1]));
    if (!note) return { status: 404, body: { message: '404 Not found' } };
    if (note.author.id !== SELF) return { status: 403, body: { message: '403 Forbidden' } };
    if (method === 'PUT') {
      note.body = String(body);
      return { status: 200, body: note };
    }
    if (method === 'DELETE') {
      notes.splice(notes.indexOf(note), 1);
      return { status: 204 };
    }
    violations.push(route);
    return { status: 405, body: { message: '405 Method Not Allowed' } };
  };
  const page = (url: URL) => {
    const size = Math.min(100, Number(url.searchParams.get('per_page') ?? 20));
    const number = Number(url.searchParams.get('page') ?? 1);
    const newestFirst = url.searchParams.get('sort') !== 'asc';
    const all = newestFirst ? notes.toReversed() : notes;
    const body = all.slice((number - 1) * size, number * size);
    const next = number * size < all.length ? String(number + 1) : '';
    return { status: 200, body, headers: { 'x-next-page': next } };
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    apiUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v4`,
    notes,
    requests,
    violations,
    write: add,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
