import type { BareRepository } from './bare-repository.ts';
import { type Call, type Handlers, notFound, page, unknownCommit, unprocessable } from './call.ts';

export interface StoredCheckRun {
  readonly id: number;
  readonly name: string;
  readonly sha: string;
  status: string;
  conclusion: string | undefined;
  title: string;
  summary: string;
  text: string;
  externalId: string;
  readonly annotations: unknown[];
}

export interface StoredCommitStatus {
  readonly sha: string;
  readonly context: string;
  readonly state: string;
  readonly description: string;
  readonly targetUrl: string;
}

export interface Checks {
  readonly runs: readonly StoredCheckRun[];
  readonly statuses: readonly StoredCommitStatus[];
  readonly handlers: Handlers;
}

const root = '/repos/{owner}/{repo}';

/** Check runs, whose annotations add up over updates, at most 50 a request; and the older commit statuses. */
export function checks(context: {
  url: string;
  repository: string;
  git: BareRepository | undefined;
}): Checks {
  const { url, repository, git } = context;
  const runs: StoredCheckRun[] = [];
  const statuses: StoredCommitStatus[] = [];
  const find = (call: Call) => runs.find((run) => run.id === Number(call.params.check_run_id));
  const show = (run: StoredCheckRun) => ({
    id: run.id,
    name: run.name,
    head_sha: run.sha,
    status: run.status,
    conclusion: run.conclusion ?? null,
    external_id: run.externalId,
    output: {
      title: run.title,
      summary: run.summary,
      text: run.text,
      annotations_count: run.annotations.length,
    },
    app: { slug: 'github-actions' },
    url: `${url}/repos/${repository}/check-runs/${run.id}`,
    html_url: `${url}/${repository}/runs/${run.id}`,
  });
  const showStatus = (status: StoredCommitStatus, at: number) => ({
    id: at + 1,
    context: status.context,
    state: status.state,
    description: status.description,
    target_url: status.targetUrl,
  });
  const shaOf = async (ref: string) => (git ? git.commitOf(ref) : ref);

  return {
    runs,
    statuses,
    handlers: {
      [`POST ${root}/check-runs`]: async (call) => {
        const refusal = refuseOutput(call);
        if (refusal) return refusal;
        const sha = String(call.body.head_sha);
        if (git && (await git.commitOf(sha)) !== sha) return unknownCommit(sha);
        const run: StoredCheckRun = {
          id: runs.length + 1,
          name: String(call.body.name),
          sha,
          status: 'queued',
          conclusion: undefined,
          title: '',
          summary: '',
          text: '',
          externalId: '',
          annotations: [],
        };
        change(run, call.body);
        runs.push(run);
        return { status: 201, body: show(run) };
      },
      [`PATCH ${root}/check-runs/{check_run_id}`]: (call) => {
        const run = find(call);
        if (!run) return notFound();
        const refusal = refuseOutput(call);
        if (refusal) return refusal;
        change(run, call.body);
        return { status: 200, body: show(run) };
      },
      [`GET ${root}/check-runs/{check_run_id}`]: (call) => {
        const run = find(call);
        return run ? { status: 200, body: show(run) } : notFound();
      },
      [`GET ${root}/check-runs/{check_run_id}/annotations`]: (call) => {
        const run = find(call);
        return run ? page(call, url, run.annotations) : notFound();
      },
      [`GET ${root}/commits/{ref}/check-runs`]: async (call) => {
        const ref = call.params.ref ?? '';
        const sha = await shaOf(ref);
        if (!sha) return unknownCommit(ref);
        const name = call.query.get('check_name');
        const status = call.query.get('status');
        const list = runs.filter(
          (run) => run.sha === sha && [null, run.name].includes(name) && [null, run.status].includes(status),
        );
        return page(call, url, list.toReversed().map(show), 'check_runs');
      },
      [`POST ${root}/statuses/{sha}`]: (call) => {
        const status = {
          sha: call.params.sha ?? '',
          context: String(call.body.context ?? 'default'),
          state: String(call.body.state),
          description: String(call.body.description ?? ''),
          targetUrl: String(call.body.target_url ?? ''),
        };
        if (status.description.length > 140) return unprocessable({ field: 'description', code: 'invalid' });
        statuses.push(status);
        return { status: 201, body: showStatus(status, statuses.length - 1) };
      },
      [`GET ${root}/commits/{ref}/statuses`]: async (call) => {
        const ref = call.params.ref ?? '';
        const sha = await shaOf(ref);
        if (!sha) return unknownCommit(ref);
        return page(
          call,
          url,
          statuses
            .filter((status) => status.sha === sha)
            .map(showStatus)
            .toReversed(),
        );
      },
    },
  };
}

interface Output {
  readonly title?: string;
  readonly summary?: string;
  readonly text?: string;
  readonly annotations?: readonly unknown[];
}

function change(run: StoredCheckRun, body: Call['body']): void {
  const output = body.output as Output | undefined;
  run.title = output?.title ?? run.title;
  run.summary = output?.summary ?? run.summary;
  run.text = output?.text ?? run.text;
  run.annotations.push(...(output?.annotations ?? []));
  run.externalId = String(body.external_id ?? run.externalId);
  run.status = String(body.status ?? run.status);
  if (body.conclusion !== undefined) {
    run.conclusion = String(body.conclusion);
    run.status = 'completed';
  }
}

function refuseOutput(call: Call) {
  const output = call.body.output as Output | undefined;
  if ((output?.annotations?.length ?? 0) > 50)
    return unprocessable({ field: 'annotations', code: 'too_many' });
  for (const field of ['summary', 'text'] as const) {
    if (Buffer.byteLength(output?.[field] ?? '') > 65_535) {
      const message = `${field} exceeds a maximum bytesize of 65535`;
      return unprocessable({ field, code: 'custom', message });
    }
  }
  return undefined;
}
