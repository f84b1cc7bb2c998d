import type { BareRepository } from './bare-repository.ts';
import { type Call, type Handlers, notFound, page, unprocessable } from './call.ts';

export interface StoredDeploymentStatus {
  readonly state: string;
  readonly description: string;
  readonly environmentUrl: string;
  readonly logUrl: string;
}

export interface StoredDeployment {
  readonly id: number;
  readonly ref: string;
  readonly sha: string;
  readonly task: string;
  readonly environment: string;
  readonly description: string;
  readonly payload: unknown;
  readonly creator: string;
  readonly createdAt: string;
  /** Oldest first. */
  readonly statuses: StoredDeploymentStatus[];
}

export interface Deployments {
  readonly all: readonly StoredDeployment[];
  readonly handlers: Handlers;
}

const root = '/repos/{owner}/{repo}/deployments';
const environments = '/repos/{owner}/{repo}/environments';

/** Deployments, their statuses, and the environments that deploying makes. */
export function deployments(context: {
  url: string;
  repository: string;
  git: BareRepository | undefined;
}): Deployments {
  const { url, repository, git } = context;
  const all: StoredDeployment[] = [];
  const find = (call: Call) => all.find((deployment) => deployment.id === Number(call.params.deployment_id));
  const show = (deployment: StoredDeployment) => ({
    id: deployment.id,
    ref: deployment.ref,
    sha: deployment.sha,
    task: deployment.task,
    environment: deployment.environment,
    original_environment: deployment.environment,
    description: deployment.description,
    payload: deployment.payload,
    creator: { login: deployment.creator },
    created_at: deployment.createdAt,
    url: `${url}/repos/${repository}/deployments/${deployment.id}`,
    statuses_url: `${url}/repos/${repository}/deployments/${deployment.id}/statuses`,
  });
  const showStatus = (status: StoredDeploymentStatus, at: number) => ({
    id: at + 1,
    state: status.state,
    description: status.description,
    environment_url: status.environmentUrl,
    log_url: status.logUrl,
  });
  const showEnvironment = (name: string, at: number) => ({
    id: at + 1,
    name,
    html_url: `${url}/${repository}/deployments/activity_log?environments_filter=${encodeURIComponent(name)}`,
    protection_rules: [],
  });
  const names = () => [...new Set(all.map((deployment) => deployment.environment))];

  return {
    all,
    handlers: {
      [`GET ${root}`]: (call) => {
        const wanted = ['ref', 'sha', 'task', 'environment'] as const;
        const list = all.filter((deployment) =>
          wanted.every((key) => [null, deployment[key]].includes(call.query.get(key))),
        );
        return page(call, url, list.toReversed().map(show));
      },
      [`POST ${root}`]: async (call) => {
        const ref = String(call.body.ref);
        const sha = git ? await git.commitOf(ref) : ref;
        if (!sha)
          return unprocessable({
            resource: 'Deployment',
            field: 'ref',
            code: 'invalid',
            message: `No ref found for: ${ref}`,
          });
        const description = String(call.body.description ?? '');
        if (description.length > 140) return unprocessable({ field: 'description', code: 'invalid' });
        const deployment: StoredDeployment = {
          id: all.length + 1,
          ref,
          sha,
          task: String(call.body.task ?? 'deploy'),
          environment: String(call.body.environment ?? 'production'),
          description,
          payload: call.body.payload ?? {},
          creator: call.actor.login,
          createdAt: new Date().toISOString(),
          statuses: [],
        };
        all.push(deployment);
        return { status: 201, body: show(deployment) };
      },
      [`GET ${root}/{deployment_id}`]: (call) => {
        const deployment = find(call);
        return deployment ? { status: 200, body: show(deployment) } : notFound();
      },
      [`GET ${root}/{deployment_id}/statuses`]: (call) => {
        const deployment = find(call);
        return deployment ? page(call, url, deployment.statuses.map(showStatus).toReversed()) : notFound();
      },
      [`POST ${root}/{deployment_id}/statuses`]: (call) => {
        const deployment = find(call);
        if (!deployment) return notFound();
        const description = String(call.body.description ?? '');
        if (description.length > 140) return unprocessable({ field: 'description', code: 'invalid' });
        const status = {
          state: String(call.body.state),
          description,
          environmentUrl: String(call.body.environment_url ?? ''),
          logUrl: String(call.body.log_url ?? ''),
        };
        deployment.statuses.push(status);
        return { status: 201, body: showStatus(status, deployment.statuses.length - 1) };
      },
      [`GET ${environments}`]: (call) => page(call, url, names().map(showEnvironment), 'environments'),
      [`GET ${environments}/{environment_name}`]: (call) => {
        const at = names().indexOf(call.params.environment_name ?? '');
        return at < 0 ? notFound() : { status: 200, body: showEnvironment(names()[at]!, at) };
      },
    },
  };
}
