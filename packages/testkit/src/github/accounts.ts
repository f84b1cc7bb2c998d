import type { Actor, Answer, Call } from './call.ts';
import { permissionFor } from './limits.ts';

export const WORKFLOW_TOKEN = 'ghs_loopbackWorkflowToken';
export const READ_ONLY_TOKEN = 'ghs_loopbackReadOnlyToken';

/** A personal token of a user. */
export function tokenOf(login: string): string {
  return `ghp_loopback_${login}`;
}

/** Everyone by token: users by their own, the app by the one of a workflow and the one of a workflow on a fork. */
export function accounts(logins: readonly string[], app: string): ReadonlyMap<string, Actor> {
  return new Map<string, Actor>([
    ...logins.map((login) => [tokenOf(login), { login, access: 'write' }] as const),
    [WORKFLOW_TOKEN, { login: app, access: 'write' }],
    [READ_ONLY_TOKEN, { login: app, access: 'read' }],
  ]);
}

/** GitHub's answer to a token that may not do what it asks for. */
export function refuseAccess({ method, operation, actor }: Call): Answer | undefined {
  const body = {
    message: 'Resource not accessible by integration',
    documentation_url: 'https://docs.github.com/rest',
  };
  if (operation === 'GET /user' && actor.login.endsWith('[bot]')) return { status: 403, body };
  if (actor.access === 'write' || method === 'GET') return undefined;
  return { status: 403, body, headers: { 'x-accepted-github-permissions': permissionFor(operation) } };
}
