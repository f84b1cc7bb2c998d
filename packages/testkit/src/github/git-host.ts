import type { IncomingMessage, ServerResponse } from 'node:http';
import { basename, dirname } from 'node:path';
import { answerGit } from '../git-server.ts';
import type { Actor } from './call.ts';
import { send } from './message.ts';

/** Answers requests of the git program for one repository; false for all others. */
export type GitHost = (request: IncomingMessage, response: ServerResponse) => boolean;

/** Anyone may fetch. A push needs a token that may write, as the password of HTTP's basic authentication. */
export function gitHost(context: {
  repository: string;
  directory: string | undefined;
  actors: ReadonlyMap<string, Actor>;
  pushed: () => Promise<void>;
}): GitHost {
  const { repository, directory, actors, pushed } = context;
  const pattern = new RegExp(`^/${repository}(?:\\.git)?(/(?:info/refs|git-.*|HEAD|objects/.*))$`);
  return (request, response) => {
    const address = new URL(request.url ?? '/', 'http://loopback');
    const path = pattern.exec(address.pathname)?.[1];
    if (path === undefined) return false;
    const refusal = refuse(request, path, address.searchParams.get('service'));
    if (directory === undefined || refusal) {
      send(response, refusal ?? { status: 404 });
      return true;
    }
    if (path === '/git-receive-pack') holdEnd(response, pushed);
    answerGit({ root: dirname(directory), path: `/${basename(directory)}${path}` }, request, response);
    return true;
  };

  function refuse(request: IncomingMessage, path: string, service: string | null) {
    if (path !== '/git-receive-pack' && service !== 'git-receive-pack') return undefined;
    const [, credentials = ''] = String(request.headers.authorization ?? '').split(' ');
    const password = Buffer.from(credentials, 'base64').toString('utf8').split(':')[1] ?? '';
    const actor = actors.get(password);
    if (!actor) return { status: 401, headers: { 'www-authenticate': 'Basic realm="GitHub"' } };
    return actor.access === 'write' ? undefined : { status: 403 };
  }
}

/** What a push changed must be known before its client hears that it is done, and asks. */
function holdEnd(response: ServerResponse, pushed: () => Promise<void>): void {
  const end = response.end.bind(response);
  response.end = ((...args: Parameters<typeof end>) => {
    pushed().finally(() => end(...args));
    return response;
  }) as typeof response.end;
}
