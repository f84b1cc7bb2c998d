import { setTimeout as sleep } from 'node:timers/promises';
import { fault, InputError, OutsideError } from '@rastro/fault';
import { marker } from '@rastro/report';
import { type CommentBoard, type CommentStore, keepOneComment } from '@rastro/usecases';
import { z } from 'zod';

export interface GitLabOptions {
  /** Such as `https://gitlab.com/api/v4`; in a pipeline `CI_API_V4_URL`. */
  readonly apiUrl: string;
  /** The project's id or its path; in a pipeline `CI_PROJECT_ID`. */
  readonly project: string | undefined;
  /** A project, group or personal token with the scope `api`. A job's own token may not write notes. */
  readonly token: string | undefined;
}

const Note = z.object({
  id: z.number().int(),
  body: z.string(),
  system: z.boolean(),
  author: z.object({ id: z.number().int() }),
});
const User = z.object({ id: z.number().int() });

/**
 * Merge requests of a GitLab project, to keep a comment on.
 * @throws InputError when the token or the project is missing. Its method throws OutsideError when GitLab fails or refuses.
 */
export function mergeRequestBoard({ apiUrl, project, token: given }: GitLabOptions): CommentBoard {
  const token = given?.trim();
  if (!token) {
    throw new InputError(
      fault(
        'token-missing',
        'there is no GitLab token',
        undefined,
        'Set GITLAB_TOKEN to a project access token with the scope "api".',
      ),
    );
  }
  if (!project) {
    throw new InputError(
      fault(
        'project-unknown',
        'it is not known which GitLab project this is',
        undefined,
        'Set CI_PROJECT_ID, as a pipeline does.',
      ),
    );
  }
  const ask = client({ apiUrl, token });
  return {
    async upsertComment({ pullRequest, key, body }) {
      const start = marker(key);
      const store = await storeOf({ ask, project, pullRequest, start });
      return keepOneComment(store, (previous) => {
        const text = body(previous);
        return text.startsWith(start) ? text : `${start}\n${text}`;
      });
    },
  };
}

type Ask = ReturnType<typeof client>;

async function storeOf(place: {
  ask: Ask;
  project: string;
  pullRequest: number;
  start: string;
}): Promise<CommentStore> {
  const { ask, project, pullRequest, start } = place;
  const self = User.parse((await ask('GET', '/user')).body).id;
  const request = `/projects/${encodeURIComponent(project)}/merge_requests/${pullRequest}`;
  const { web_url: page } = z
    .object({ web_url: z.url({ protocol: /^https?$/ }) })
    .parse((await ask('GET', request)).body);
  const stored = ({ id, body }: z.infer<typeof Note>) => ({ id, body, url: `${page}#note_${id}` });
  return {
    async ours() {
      const notes: z.infer<typeof Note>[] = [];
      for (let at: string | undefined = '1'; at; ) {
        const answer = await ask(
          'GET',
          `${request}/notes?sort=asc&order_by=created_at&per_page=100&page=${at}`,
        );
        notes.push(...z.array(Note).parse(answer.body));
        at = answer.nextPage;
      }
      return notes
        .filter(({ system, author, body }) => !system && author.id === self && body.startsWith(start))
        .map(stored)
        .sort((a, b) => a.id - b.id);
    },
    async create(body) {
      return stored(Note.parse((await ask('POST', `${request}/notes`, { body })).body));
    },
    async update(id, body) {
      return (await ask('PUT', `${request}/notes/${id}`, { body }, [404])).status !== 404;
    },
    async remove(id) {
      await ask('DELETE', `${request}/notes/${id}`, undefined, [404]);
    },
    wait: (milliseconds) => sleep(milliseconds),
  };
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly nextPage: string | undefined;
}

function client({ apiUrl, token }: { apiUrl: string; token: string }) {
  return async (
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    path: string,
    body?: Readonly<Record<string, string>>,
    allowed: readonly number[] = [],
  ): Promise<Answer> => {
    const response = await fetch(`${apiUrl.replace(/\/$/u, '')}${path}`, {
      method,
      // A redirect could lead the token to another host.
      redirect: 'error',
      headers: { 'private-token': token, ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    }).catch((error: unknown) => {
      throw new OutsideError(
        fault(
          'gitlab-unreachable',
          `GitLab could not be reached: ${(error as Error).message}`,
          undefined,
          'Check the network and CI_API_V4_URL, then run the job again.',
        ),
      );
    });
    const text = await response.text();
    if (!response.ok && !allowed.includes(response.status)) throw refusal(method, path, response.status);
    return {
      status: response.status,
      body: response.ok && text !== '' ? JSON.parse(text) : undefined,
      nextPage: response.headers.get('x-next-page') || undefined,
    };
  };
}

function refusal(method: string, path: string, status: number): OutsideError {
  const next =
    status === 401 || status === 403
      ? 'Give GITLAB_TOKEN the scope "api" and the role Reporter or higher in the project.'
      : status === 404
        ? 'Check CI_PROJECT_ID and the number of the merge request; GitLab also answers so to a token that may not see them.'
        : 'Run the job again: what was done is found and not done twice.';
  return new OutsideError(
    fault('gitlab-refused', `GitLab answered ${status} to ${method} ${path.split('?')[0]}`, undefined, next),
  );
}
