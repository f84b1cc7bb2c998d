import { readFile } from 'node:fs/promises';
import { fault, InputError } from '@rastro/fault';
import type { RunContext } from '@rastro/usecases';
import { z } from 'zod';
import { VERSION } from './version.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The bot that a workflow's own token acts as. */
const ACTIONS_BOT = {
  name: 'github-actions[bot]',
  email: '41898282+github-actions[bot]@users.noreply.github.com',
};

const PullRequestPayload = z.object({
  pull_request: z.object({
    number: z.number().int(),
    base: z.object({ sha: z.string() }),
    head: z.object({ sha: z.string() }),
  }),
});

/** Who runs this workflow and for which pull request, as the runner tells it in `GITHUB_*` and the event's payload. */
export async function actionContext(env: Environment): Promise<RunContext> {
  const { GITHUB_SERVER_URL, GITHUB_REPOSITORY, GITHUB_RUN_ID, GITHUB_ACTOR, GITHUB_ACTOR_ID } = env;
  return {
    version: VERSION,
    actor: GITHUB_ACTOR ?? ACTIONS_BOT.name,
    actorId: GITHUB_ACTOR_ID ? Number(GITHUB_ACTOR_ID) : undefined,
    runUrl:
      GITHUB_SERVER_URL && GITHUB_REPOSITORY && GITHUB_RUN_ID
        ? `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}/actions/runs/${GITHUB_RUN_ID}`
        : undefined,
    slug: GITHUB_REPOSITORY,
    pullRequest: await pullRequestOf(env),
    identity: ACTIONS_BOT,
  };
}

async function pullRequestOf({ GITHUB_EVENT_PATH }: Environment): Promise<RunContext['pullRequest']> {
  if (!GITHUB_EVENT_PATH) return undefined;
  const text = await readFile(GITHUB_EVENT_PATH, 'utf8').catch((cause: unknown) => {
    throw new InputError(fault('event-unreadable', 'the file that GITHUB_EVENT_PATH names cannot be read'), {
      cause,
    });
  });
  const payload = PullRequestPayload.safeParse(JSON.parse(text));
  if (!payload.success) return undefined;
  const { number, base, head } = payload.data.pull_request;
  return { number, base: base.sha, head: head.sha };
}

/** Who runs the command line: the user that Git knows. */
export function terminalContext(env: Environment, user: { name: string; email: string }): RunContext {
  return {
    version: VERSION,
    actor: env.GITHUB_ACTOR ?? user.name,
    actorId: undefined,
    runUrl: undefined,
    slug: env.GITHUB_REPOSITORY,
    pullRequest: undefined,
    identity: user,
  };
}
