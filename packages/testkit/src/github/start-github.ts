import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { basename, dirname } from 'node:path';
import { answerGit } from '../git-server.ts';
import { listenOnLoopback } from '../loopback.ts';
import { apiDescription } from './api-description.ts';
import { bareRepository } from './bare-repository.ts';
import type { Actor, Answer, Call } from './call.ts';
import { checks, type StoredCheckRun, type StoredCommitStatus } from './checks.ts';
import { deployments, type StoredDeployment } from './deployments.ts';
import { dispatches, type StoredDispatch } from './dispatches.ts';
import { startEmulator } from './emulator.ts';
import { permissionFor, refuseOverLimit } from './limits.ts';
import { type NewPullRequest, pullRequests } from './pull-requests.ts';
import { releases, type StoredRelease } from './releases.ts';

export interface GitHubOptions {
  /** `owner/name`. */
  readonly repository: string;
  /** A bare repository that is served as this one over HTTP, and that heads, tags and merges are read from. */
  readonly git?: string;
  /** Logins besides `ada`, `grace`, `mallory` and the workflow's own `github-actions[bot]`. */
  readonly users?: readonly string[];
  /** The account of the app that the token belongs to; by default that of Actions. */
  readonly app?: string;
}

export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  /** The operation in GitHub's description; undefined when it has none. */
  readonly operation: string | undefined;
  readonly login: string | undefined;
  readonly body: unknown;
  readonly status: number;
}

export interface Violation {
  readonly method: string;
  readonly path: string;
  readonly reasons: readonly string[];
}

export interface StoredComment {
  readonly id: number;
  readonly issue: number;
  readonly author: string;
  readonly body: string;
}

export interface StoredIssue {
  readonly number: number;
  readonly title: string;
  readonly body: string;
  readonly state: string;
  readonly labels: readonly string[];
  readonly isPullRequest: boolean;
}

export interface GitHubState {
  readonly comments: readonly StoredComment[];
  readonly issues: readonly StoredIssue[];
  readonly releases: readonly StoredRelease[];
  readonly deployments: readonly StoredDeployment[];
  readonly checkRuns: readonly StoredCheckRun[];
  readonly commitStatuses: readonly StoredCommitStatus[];
  readonly dispatches: readonly StoredDispatch[];
}

/** What to break: the next requests whose method and path match. Status 0 hangs up without an answer. */
export interface Failure {
  readonly count: number;
  readonly status: number;
  readonly method?: string;
  readonly path?: RegExp;
  readonly when?: (request: { method: string; path: string }) => boolean;
  readonly headers?: Readonly<Record<string, string>>;
  readonly message?: string;
}

export interface GitHub {
  readonly url: string;
  readonly apiUrl: string;
  readonly repository: string;
  /** A workflow's token: may write, belongs to `github-actions[bot]`, and may not ask who it is. */
  readonly token: string;
  /** The same on a pull request from a fork: may only read. */
  readonly readOnlyToken: string;
  /** A personal token of a user. */
  tokenOf(login: string): string;
  /** Oldest first. Git's own requests are not among them. */
  readonly requests: readonly RecordedRequest[];
  /** Requests that GitHub's description does not allow. */
  readonly violations: readonly Violation[];
  state(): Promise<GitHubState>;
  /** Asks the API as a user; the answer's body is returned, whatever its status. */
  ask(login: string, method: string, path: string, body?: unknown): Promise<unknown>;
  /** Opens a pull request as its author would. Resolves with its number. */
  openPullRequest(request: NewPullRequest): Promise<number>;
  /** The payload of a `pull_request` event about it. */
  pullRequestEvent(number: number, action?: string): Promise<Record<string, unknown>>;
  failNext(failure: Failure): void;
  /** Forgets what `failNext` still has to break. */
  heal(): void;
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const token = 'ghs_loopbackWorkflowToken';
const readOnlyToken = 'ghs_loopbackReadOnlyToken';
const tokenOf = (login: string) => `ghp_loopback_${login}`;

/**
 * A GitHub on loopback: an emulator behind a strict front that holds every request to GitHub's published description
 * and limits, knows its tokens, and keeps what the emulator lacks (releases, deployments, checks, statuses, dispatches).
 */
export async function startGitHub(options: GitHubOptions): Promise<GitHub> {
  const [owner = '', name = ''] = options.repository.split('/');
  const bot = options.app ?? 'github-actions[bot]';
  const users = [...new Set([bot, 'ada', 'grace', 'mallory', owner, ...(options.users ?? [])])];
  const actors = new Map<string, Actor>(users.map((login) => [tokenOf(login), { login, access: 'write' }]));
  actors.set(token, { login: bot, access: 'write' });
  actors.set(readOnlyToken, { login: bot, access: 'read' });

  const front = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      send(response, { status: 500, body: { message: `The loopback GitHub broke: ${String(error)}` } });
    });
  });
  const storage = createServer((request, response) => serveStorage(request, response));
  const { url, stop: stopFront } = await listenOnLoopback(front);
  const { url: downloadUrl, stop: stopStorage } = await listenOnLoopback(storage);
  const emulator = await startEmulator({ url, owner, name, users });
  const description = await apiDescription();

  const git = options.git === undefined ? undefined : bareRepository(options.git);
  const releaseStore = releases({ url, downloadUrl, repository: options.repository, git });
  const deploymentStore = deployments({ url, repository: options.repository, git });
  const checkStore = checks({ url, repository: options.repository, git });
  const dispatchStore = dispatches();
  const pulls = pullRequests({ url, owner, name, git, emulator });
  const handlers = {
    ...releaseStore.handlers,
    ...deploymentStore.handlers,
    ...checkStore.handlers,
    ...dispatchStore.handlers,
    ...pulls.handlers,
  };
  const requests: RecordedRequest[] = [];
  const violations: Violation[] = [];
  const failures: (Failure & { left: number })[] = [];

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const address = new URL(request.url ?? '/', url);
    const gitPath = new RegExp(`^/${owner}/${name}(?:\\.git)?(/(?:info/refs|git-.*|HEAD|objects/.*))$`).exec(
      address.pathname,
    )?.[1];
    if (gitPath) {
      serveGitRequest(gitPath, address, request, response);
      return;
    }
    const method = request.method ?? 'GET';
    const path = address.pathname.replace(/^\/uploads/, '');
    const bytes = await readAll(request);
    const failure = failures.find(
      (item) =>
        item.left > 0 &&
        (item.method ?? method) === method &&
        (item.path?.test(path) ?? true) &&
        (item.when?.({ method, path }) ?? true),
    );
    const actor = actors.get(String(request.headers.authorization ?? '').replace(/^(?:bearer|token) /i, ''));
    const matched = description.match(method, path);
    const isJson = String(request.headers['content-type'] ?? '').includes('json');
    const json = isJson && bytes.length > 0 ? JSON.parse(bytes.toString('utf8')) : undefined;
    const record = (status: number) =>
      requests.push({ method, path, operation: matched?.name, login: actor?.login, body: json, status });

    if (failure) {
      failure.left--;
      record(failure.status);
      if (failure.status === 0) request.socket.destroy();
      else
        send(response, {
          status: failure.status,
          body: { message: failure.message ?? 'Broken on purpose' },
          ...(failure.headers ? { headers: failure.headers } : {}),
        });
      return;
    }
    const answer = await decide();
    record(answer.status);
    send(response, answer);

    async function decide(): Promise<Answer> {
      if (!actor) return { status: 401, body: { message: 'Bad credentials' } };
      const reasons = matched
        ? matched.check({ query: address.searchParams, json })
        : ["GitHub's description has no such operation"];
      const isUploadAddress = address.pathname.startsWith('/uploads/');
      if (matched && matched.isUpload !== isUploadAddress)
        reasons.push('uploads, and only they, go to upload_url');
      if (reasons.length > 0) violations.push({ method, path, reasons });
      if (!matched) return { status: 501, body: { message: `No such operation: ${method} ${path}` } };
      if (reasons.length > 0) return { status: 422, body: { message: 'Validation Failed', errors: reasons } };
      const call: Call = {
        operation: matched.name,
        method,
        path,
        query: address.searchParams,
        params: matched.params,
        headers: request.headers,
        bytes,
        body: json ?? {},
        actor,
      };
      return refuseAccess(call) ?? refuseOverLimit(call) ?? answerCall(call);
    }
  }

  async function answerCall(call: Call): Promise<Answer> {
    const handler = handlers[call.operation];
    if (handler) return handler(call);
    return emulator.ask({
      method: call.method,
      path: `${call.path}${call.query.size ? `?${call.query}` : ''}`,
      login: call.actor.login,
      ...(call.method === 'GET' || call.method === 'DELETE' ? {} : { body: call.body }),
    });
  }

  function serveGitRequest(
    path: string,
    address: URL,
    request: IncomingMessage,
    response: ServerResponse,
  ): void {
    if (options.git === undefined) {
      send(response, { status: 404 });
      return;
    }
    const isPush = path === '/git-receive-pack' || address.searchParams.get('service') === 'git-receive-pack';
    const [, credentials = ''] = String(request.headers.authorization ?? '').split(' ');
    const password = Buffer.from(credentials, 'base64').toString('utf8').split(':')[1] ?? '';
    const actor = actors.get(password);
    if (isPush && !actor) {
      send(response, { status: 401, headers: { 'www-authenticate': 'Basic realm="GitHub"' } });
      return;
    }
    if (isPush && actor?.access === 'read') {
      send(response, { status: 403 });
      return;
    }
    // What a push changed must be known before its client hears that it is done and asks.
    const end = response.end.bind(response);
    if (path === '/git-receive-pack') {
      response.end = ((...args: Parameters<typeof end>) => {
        pulls.pushed().finally(() => end(...args));
        return response;
      }) as typeof response.end;
    }
    answerGit({ root: dirname(options.git), path: `/${basename(options.git)}${path}` }, request, response);
  }

  /** Where assets lie is another host, and like the real one it refuses a request that brings a token along. */
  function serveStorage(request: IncomingMessage, response: ServerResponse): void {
    const asset = releaseStore.download(Number(/^\/assets\/(\d+)$/.exec(request.url ?? '')?.[1]));
    if (!asset) {
      send(response, { status: 404 });
      return;
    }
    if (request.headers.authorization !== undefined) {
      violations.push({
        method: 'GET',
        path: request.url ?? '',
        reasons: ['a token was sent to another host'],
      });
      send(response, { status: 400 });
      return;
    }
    response.writeHead(200, { 'content-type': asset.contentType, 'content-length': asset.bytes.length });
    response.end(asset.bytes);
  }

  const stop = async () => {
    await Promise.all([stopFront(), stopStorage(), emulator.stop()]);
  };
  const pullPath = `/repos/${options.repository}/pulls`;
  const ask: GitHub['ask'] = async (login, method, path, body) => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${tokenOf(login)}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return text === '' ? undefined : JSON.parse(text);
  };
  return {
    url,
    apiUrl: url,
    repository: options.repository,
    token,
    readOnlyToken,
    tokenOf,
    requests,
    violations,
    ask,
    async state() {
      // On GitHub a pull request is an issue too; the emulator lists them apart.
      const issues = [
        ...(await emulator.list(`/repos/${options.repository}/issues?state=all`, owner)).map((issue) =>
          showIssue(issue, false),
        ),
        ...(await emulator.list(`/repos/${options.repository}/pulls?state=all`, owner)).map((pull) =>
          showIssue(pull, true),
        ),
      ];
      const comments: StoredComment[] = [];
      for (const { number } of issues) {
        const path = `/repos/${options.repository}/issues/${number}/comments`;
        comments.push(...(await emulator.list(path, owner)).map(showComment));
      }
      return {
        comments: comments.sort((a, b) => a.id - b.id),
        issues: issues.sort((a, b) => a.number - b.number),
        releases: releaseStore.all,
        deployments: deploymentStore.all,
        checkRuns: checkStore.runs,
        commitStatuses: checkStore.statuses,
        dispatches: dispatchStore.all,
      };
    },
    async openPullRequest(request) {
      const { status, body } = await pulls.open(request);
      if (status !== 201) throw new Error(`the pull request was refused: ${JSON.stringify(body)}`);
      return (body as { number: number }).number;
    },
    async pullRequestEvent(number, action = 'opened') {
      const pull = await ask(owner, 'GET', `${pullPath}/${number}`);
      const repository = {
        full_name: options.repository,
        name,
        owner: { login: owner },
        default_branch: 'main',
      };
      return { action, number, pull_request: pull, repository };
    },
    failNext(failure) {
      failures.push({ ...failure, left: failure.count });
    },
    heal() {
      failures.length = 0;
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function refuseAccess({ method, operation, actor }: Call): Answer | undefined {
  const body = {
    message: 'Resource not accessible by integration',
    documentation_url: 'https://docs.github.com/rest',
  };
  if (operation === 'GET /user' && actor.login.endsWith('[bot]')) return { status: 403, body };
  if (actor.access === 'write' || method === 'GET') return undefined;
  return { status: 403, body, headers: { 'x-accepted-github-permissions': permissionFor(operation) } };
}

function send(response: ServerResponse, { status, body, headers }: Answer): void {
  response.writeHead(status, {
    ...(body === undefined ? {} : { 'content-type': 'application/json; charset=utf-8' }),
    ...headers,
  });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function showComment(comment: Record<string, unknown>): StoredComment {
  return {
    id: Number(comment.id),
    issue: Number(String(comment.issue_url).split('/').at(-1)),
    author: (comment.user as { login: string }).login,
    body: String(comment.body),
  };
}

function showIssue(issue: Record<string, unknown>, isPullRequest: boolean): StoredIssue {
  return {
    number: Number(issue.number),
    title: String(issue.title),
    body: String(issue.body ?? ''),
    state: String(issue.state),
    labels: (issue.labels as { name: string }[]).map((label) => label.name),
    isPullRequest,
  };
}
