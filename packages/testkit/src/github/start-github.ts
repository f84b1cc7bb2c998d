import { createServer } from 'node:http';
import { listenOnLoopback } from '../loopback.ts';
import { startResults } from '../results/start-results.ts';
import { accounts, READ_ONLY_TOKEN, tokenOf, WORKFLOW_TOKEN } from './accounts.ts';
import { apiDescription } from './api-description.ts';
import { type ApiHost, answerApi } from './api-host.ts';
import { artifacts } from './artifacts.ts';
import { bareRepository } from './bare-repository.ts';
import { checks } from './checks.ts';
import { deployments } from './deployments.ts';
import { dispatches } from './dispatches.ts';
import { startEmulator } from './emulator.ts';
import { gitHost } from './git-host.ts';
import type {
  GitHub,
  GitHubOptions,
  GitHubState,
  RecordedRequest,
  StoredComment,
  StoredIssue,
  Violation,
} from './github.ts';
import { issues } from './issues.ts';
import { send } from './message.ts';
import { plannedFailures } from './planned-failures.ts';
import { pullRequests } from './pull-requests.ts';
import { releases } from './releases.ts';
import { startStorageHost } from './storage-host.ts';

/**
 * A GitHub on loopback: an emulator behind a strict front that holds every request to GitHub's published description
 * and limits, knows its tokens, and keeps what the emulator lacks (releases, deployments, checks, statuses, dispatches).
 */
export async function startGitHub(options: GitHubOptions): Promise<GitHub> {
  const { repository, app = 'github-actions[bot]' } = options;
  const [owner = '', name = ''] = repository.split('/');
  const logins = [...new Set([app, owner, 'ada', 'grace', 'mallory', ...(options.users ?? [])])];
  const requests: RecordedRequest[] = [];
  const violations: Violation[] = [];
  const failures = plannedFailures();
  const actors = accounts(logins, app);
  const git = options.git === undefined ? undefined : bareRepository(options.git);

  // The address must be known before what answers at it, because answers name it.
  let answer: Parameters<typeof createServer>[1];
  const front = await listenOnLoopback(createServer((request, response) => answer?.(request, response)));
  const { url } = front;
  const emulator = await startEmulator({ url, owner, name, users: logins });
  const storage = await startStorageHost({
    find: (path) => releaseStore.download(Number(/^\/assets\/(\d+)$/.exec(path)?.[1])),
    violations,
  });
  const results = await startResults();
  const releaseStore = releases({ url, downloadUrl: storage.url, repository, git });
  const deploymentStore = deployments({ url, repository, git });
  const checkStore = checks({ url, repository, git });
  const dispatchStore = dispatches();
  const pulls = pullRequests({ url, owner, name, git, emulator });
  const host: ApiHost = {
    description: await apiDescription(),
    actors,
    failures,
    handlers: {
      ...issues({ url, repository, emulator }),
      ...pulls.handlers,
      ...releaseStore.handlers,
      ...deploymentStore.handlers,
      ...checkStore.handlers,
      ...dispatchStore.handlers,
      ...artifacts({ url, repository, results }),
    },
    otherwise: emulator.forward,
    requests,
    violations,
  };
  const answerGitRequest = gitHost({ repository, directory: options.git, actors, pushed: pulls.pushed });
  answer = (request, response) => {
    if (answerGitRequest(request, response)) return;
    answerApi(host, request, response).catch((error: unknown) => {
      send(response, { status: 500, body: { message: `The loopback GitHub broke: ${String(error)}` } });
    });
  };

  const ask: GitHub['ask'] = async (login, method, path, body) => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${tokenOf(login)}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return text === '' ? undefined : JSON.parse(text);
  };
  const state = async (): Promise<GitHubState> => {
    const all = (await emulator.list(`/repos/${repository}/issues?state=all`, owner)).map(showIssue);
    const requested = (await emulator.list(`/repos/${repository}/pulls?state=all`, owner)).map(showIssue);
    const comments: StoredComment[] = [];
    for (const { number } of [...all, ...requested]) {
      const list = await emulator.list(`/repos/${repository}/issues/${number}/comments`, owner);
      comments.push(...list.map((comment) => showComment(comment, number)));
    }
    return {
      comments: comments.sort((a, b) => a.id - b.id),
      issues: [
        ...all.map((issue) => ({ ...issue, isPullRequest: false })),
        ...requested.map((pull) => ({ ...pull, isPullRequest: true })),
      ].sort((a, b) => a.number - b.number),
      releases: releaseStore.all,
      deployments: deploymentStore.all,
      checkRuns: checkStore.runs,
      commitStatuses: checkStore.statuses,
      dispatches: dispatchStore.all,
      artifacts: results.store.all,
      cacheEntries: results.cache.all,
    };
  };
  const stop = async () => {
    await Promise.all([front.stop(), storage.stop(), results.stop(), emulator.stop()]);
  };
  return {
    url,
    apiUrl: url,
    resultsUrl: results.url,
    repository,
    token: WORKFLOW_TOKEN,
    readOnlyToken: READ_ONLY_TOKEN,
    tokenOf,
    requests,
    violations,
    state,
    ask,
    async openPullRequest(request) {
      const { status, body } = await pulls.open(request);
      if (status !== 201) throw new Error(`the pull request was refused: ${JSON.stringify(body)}`);
      return (body as { number: number }).number;
    },
    async pullRequestEvent(number, action = 'opened') {
      const pull = await ask(owner, 'GET', `/repos/${repository}/pulls/${number}`);
      const about = { full_name: repository, name, owner: { login: owner }, default_branch: 'main' };
      return { action, number, pull_request: pull, repository: about };
    },
    failNext: failures.add,
    heal: failures.clear,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function showComment(comment: Record<string, unknown>, issue: number): StoredComment {
  return {
    id: Number(comment.id),
    issue,
    author: (comment.user as { login: string }).login,
    body: String(comment.body),
  };
}

function showIssue(issue: Record<string, unknown>): Omit<StoredIssue, 'isPullRequest'> {
  return {
    number: Number(issue.number),
    title: String(issue.title),
    body: String(issue.body ?? ''),
    state: String(issue.state),
    labels: (issue.labels as { name: string }[]).map((label) => label.name),
  };
}
