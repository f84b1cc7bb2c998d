import { isDeepStrictEqual } from 'node:util';
import type { Forge } from '@rastro/usecases';
import type { Session } from './session.ts';

const TASK = 'deploy';
const MAX_DESCRIPTION = 140;

type Deployment = Parameters<Forge['createDeployment']>[0];

/** Records a deployment, or finds the one of the same content that has not come to its end. */
export async function createDeployment(
  session: Session,
  deployment: Deployment,
): ReturnType<Forge['createDeployment']> {
  const doing = `recording a deployment to ${deployment.environment}`;
  return session.attempt({ doing, permission: 'deployments: write' }, async () => {
    const existing = await findUnfinished(session, deployment);
    if (existing) return existing;
    try {
      return await record(session, deployment);
    } catch (error) {
      // It may have got through although its answer did not.
      const made = await findUnfinished(session, deployment);
      if (made) return made;
      throw error;
    }
  });
}

async function findUnfinished(session: Session, { ref, environment, payload }: Deployment) {
  const { octokit, place } = session;
  const { data: latest } = await octokit.rest.repos.listDeployments({
    ...place,
    ref,
    environment,
    task: TASK,
    per_page: 10,
  });
  for (const { id, url, payload: recorded } of latest) {
    if (isDeepStrictEqual(parsed(recorded), payload) && !(await isFinished(session, id))) return { id, url };
  }
  return undefined;
}

async function record({ octokit, place }: Session, { ref, environment, description, payload }: Deployment) {
  const { data } = await octokit.rest.repos.createDeployment({
    ...place,
    ref,
    environment,
    task: TASK,
    payload,
    description: capped(description),
    // The gates are Rastro's own: GitHub shall neither merge nor wait for other checks.
    auto_merge: false,
    required_contexts: [],
    // Sent twice it would be recorded twice.
    request: { retries: 0 },
  });
  if (!('id' in data)) throw new Error('GitHub took the deployment but gave it no id');
  return { id: data.id, url: data.url };
}

export async function setDeploymentStatus(
  { octokit, place, attempt }: Session,
  status: Parameters<Forge['setDeploymentStatus']>[0],
): Promise<void> {
  await attempt(
    { doing: 'setting the status of a deployment', permission: 'deployments: write' },
    async () => {
      const description = capped(status.description);
      const { data } = await octokit.rest.repos.listDeploymentStatuses({
        ...place,
        deployment_id: status.id,
        per_page: 1,
      });
      if (data[0]?.state === status.state && data[0].description === description) return;
      await octokit.rest.repos.createDeploymentStatus({
        ...place,
        deployment_id: status.id,
        state: status.state,
        description,
        ...(status.environmentUrl ? { environment_url: status.environmentUrl } : {}),
        ...(status.logUrl ? { log_url: status.logUrl } : {}),
      });
    },
  );
}

async function isFinished({ octokit, place }: Session, id: number): Promise<boolean> {
  const { data } = await octokit.rest.repos.listDeploymentStatuses({
    ...place,
    deployment_id: id,
    per_page: 1,
  });
  const state = data[0]?.state;
  return state !== undefined && !['queued', 'pending', 'in_progress'].includes(state);
}

/** GitHub gives a payload back as the object or as its JSON text. */
function parsed(payload: unknown): unknown {
  if (typeof payload !== 'string') return payload;
  try {
    return JSON.parse(payload);
  } catch {
    return payload;
  }
}

function capped(text: string): string {
  const characters = [...text];
  return characters.length <= MAX_DESCRIPTION
    ? text
    : `${characters.slice(0, MAX_DESCRIPTION - 1).join('')}…`;
}
