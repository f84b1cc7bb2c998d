import { readFile } from 'node:fs/promises';
import { fault, InputError } from '@rastro/fault';
import type { RemotePlace } from '@rastro/git';
import type { RunContext } from '@rastro/usecases';
import { z } from 'zod';
import { sshSigner } from './ssh-signer.ts';
import { VERSION } from './version.ts';

type Environment = Record<string, string | undefined>;

/** The bot that a workflow's own token acts as. */
const ACTIONS_BOT = {
  name: 'github-actions[bot]',
  email: '41898282+github-actions[bot]@users.noreply.github.com',
};

const PullRequestPayload = z.object({
  pull_request: z.object({
    number: z.number().int(),
    base: z.object({ sha: z.string(), repo: z.object({ full_name: z.string() }).nullish() }),
    head: z.object({ sha: z.string(), repo: z.object({ full_name: z.string() }).nullish() }),
  }),
});

const OpenPullRequest = z.object({ pull_request: z.object({ state: z.literal('open') }) });

const FollowedRunPayload = z.object({
  workflow_run: z.object({
    id: z.number().int(),
    event: z.string(),
    head_sha: z.string().regex(/^[0-9a-f]{40,64}$/),
    head_branch: z.string().min(1),
    head_repository: z.object({ owner: z.object({ login: z.string().min(1) }) }),
  }),
});

/** Who runs this workflow and for which pull request, as the runner tells it in `GITHUB_*` and the event's payload. */
export async function actionContext(env: Environment): Promise<RunContext> {
  const { GITHUB_SERVER_URL, GITHUB_REPOSITORY, GITHUB_RUN_ID, GITHUB_ACTOR, GITHUB_ACTOR_ID } = env;
  const event = await readEvent(env);
  return {
    version: VERSION,
    actor: GITHUB_ACTOR ?? ACTIONS_BOT.name,
    actorId: GITHUB_ACTOR_ID ? Number(GITHUB_ACTOR_ID) : undefined,
    runId: numberOf(GITHUB_RUN_ID),
    runUrl:
      GITHUB_SERVER_URL && GITHUB_REPOSITORY && GITHUB_RUN_ID
        ? `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}/actions/runs/${GITHUB_RUN_ID}`
        : undefined,
    slug: GITHUB_REPOSITORY,
    ...about(event),
    // `pull_request_target` and the run of a merge see the caches of the base branch, and their results last.
    isTrial: env.GITHUB_EVENT_NAME === 'pull_request' && OpenPullRequest.safeParse(event).success,
    identity: ACTIONS_BOT,
    signer: sshSigner(env),
  };
}

function numberOf(text: string | undefined): number | undefined {
  return text && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

async function readEvent({ GITHUB_EVENT_PATH }: Environment): Promise<unknown> {
  if (!GITHUB_EVENT_PATH) return undefined;
  try {
    return JSON.parse(await readFile(GITHUB_EVENT_PATH, 'utf8'));
  } catch (cause) {
    throw new InputError(
      fault(
        'event-unreadable',
        'the file that GITHUB_EVENT_PATH names cannot be read as JSON',
        undefined,
        'Outside of a workflow leave GITHUB_EVENT_PATH unset.',
      ),
      { cause },
    );
  }
}

/** What the event is about: a pull request, or the run of one's workflow. */
function about(event: unknown): Pick<RunContext, 'pullRequest' | 'followedRun'> {
  const request = PullRequestPayload.safeParse(event);
  if (request.success) {
    const { number, base, head } = request.data.pull_request;
    // The head has no repository any more when the fork was deleted.
    const fromFork = base.repo !== undefined && head.repo?.full_name !== base.repo?.full_name;
    return { pullRequest: { number, base: base.sha, head: head.sha, fromFork } };
  }
  const run = FollowedRunPayload.safeParse(event);
  if (!run.success || !/^pull_request/u.test(run.data.workflow_run.event)) return { pullRequest: undefined };
  const { id, head_sha: commit, head_branch: branch, head_repository } = run.data.workflow_run;
  return {
    pullRequest: undefined,
    followedRun: { id, head: { owner: head_repository.owner.login, branch, commit } },
  };
}

/** Who runs the command line, and where: the user that Git knows, and the place that it pushes to. */
export function terminalContext(
  env: Environment,
  { user, origin }: { user: RunContext['identity']; origin: RemotePlace | undefined },
): RunContext {
  return {
    version: VERSION,
    actor: env.GITHUB_ACTOR ?? user.name,
    actorId: undefined,
    runId: numberOf(env.CI_PIPELINE_ID),
    runUrl: undefined,
    slug: env.GITHUB_REPOSITORY || slugOf(origin, env),
    pullRequest: mergeRequestOf(env),
    isTrial: false,
    identity: user,
    signer: sshSigner(env),
  };
}

/** SSH through the port of HTTPS has a host of its own. */
const GITHUB_HOSTS = ['github.com', 'www.github.com', 'ssh.github.com'];

/** `owner/name` where that place is GitHub, or the GitHub server that GITHUB_SERVER_URL names. */
function slugOf(origin: RemotePlace | undefined, { GITHUB_SERVER_URL }: Environment): string | undefined {
  const server = hostOf(GITHUB_SERVER_URL);
  if (!origin || !(GITHUB_HOSTS.includes(origin.host) || origin.host === server)) return undefined;
  return /^[\w.-]+\/[\w.-]+$/.test(origin.path) ? origin.path : undefined;
}

/** Where GitHub's API is: as said, or beside the server that GITHUB_SERVER_URL names. */
export function gitHubApi({ GITHUB_API_URL, GITHUB_SERVER_URL }: Environment): string | undefined {
  const server = hostOf(GITHUB_SERVER_URL);
  if (GITHUB_API_URL || !GITHUB_SERVER_URL || !server || GITHUB_HOSTS.includes(server)) return GITHUB_API_URL;
  if (server.endsWith('.ghe.com')) return `https://api.${server}`;
  return `${GITHUB_SERVER_URL.replace(/\/+$/, '')}/api/v3`;
}

function hostOf(url: string | undefined): string | undefined {
  return url && URL.canParse(url) ? new URL(url).hostname : undefined;
}

/** The merge request that a GitLab pipeline runs for. */
function mergeRequestOf(env: Environment): RunContext['pullRequest'] {
  const number = Number(env.CI_MERGE_REQUEST_IID);
  const base = env.CI_MERGE_REQUEST_DIFF_BASE_SHA;
  // A pipeline of merged results runs on a commit that is nowhere else.
  const head = env.CI_MERGE_REQUEST_SOURCE_BRANCH_SHA || env.CI_COMMIT_SHA;
  return Number.isInteger(number) && number > 0 && base && head ? { number, base, head } : undefined;
}
