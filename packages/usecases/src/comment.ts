import { fault, InputError, isRastroError } from '@rastro/fault';
import { CHECK_BUDGET, renderComment, renderJson, renderMarkdown, worstStatus } from '@rastro/report';
import { z } from 'zod';
import { checkRunOf } from './comment-check.ts';
import { fileBoard } from './comment-file.ts';
import { type Message, pageOf, STRANGERS_NOTE, sourceOf } from './comment-message.ts';
import { inReadingOrder, reportsOfFiles, strangersReports, withEvaluations } from './comment-reports.ts';
import type { Outcome } from './outcome.ts';
import type { CommentBoard, Ports } from './ports/index.ts';
import { HTML_REPORT, REPORTS_FOLDER } from './reports-folder.ts';

export const CommentRequest = z.strictObject({
  reports: z
    .array(z.string())
    .default([`${REPORTS_FOLDER}/*.json`])
    .describe('Report files that earlier steps wrote. Globs are allowed.'),
  key: z
    .string()
    .regex(/^[a-zA-Z0-9][a-zA-Z0-9._-]{0,99}$/, 'use letters, digits, ".", "_" and "-"')
    .default('rastro')
    .describe('Tells comments of different workflows apart: there is one comment for each key.'),
  pullRequest: z
    .number()
    .int()
    .positive()
    .optional()
    .describe('Number of the pull request. Default: that of the event.'),
  check: z
    .boolean()
    .default(false)
    .describe('Write a check run too, with every finding beside its line. Needs `checks: write`.'),
  artifact: z
    .boolean()
    .default(true)
    .describe('Keep the HTML page and the reports as an artifact of the run, linked from the comment.'),
  forge: z
    .enum(['github', 'gitlab', 'file'])
    .default('github')
    .describe('Where the comment goes: GitHub, a GitLab merge request, or the file that "output" names.'),
  output: z
    .string()
    .default('.rastro/comment.md')
    .describe('The file that the comment is written to when "forge" is file.'),
});
export type CommentRequest = z.output<typeof CommentRequest>;

export interface CommentRecord {
  /** Empty when there is no comment. */
  readonly url: string;
  /**
   * `kept`: the token of a fork's pull request can only read, so the reports wait in an artifact for the run that may write.
   * `outdated`: the pull request has moved on, or is closed.
   */
  readonly status: 'created' | 'updated' | 'unchanged' | 'kept' | 'outdated';
  readonly verdict: 'pass' | 'warn' | 'fail' | 'info';
  readonly body: string;
  /** Path of the HTML page in the workspace. */
  readonly page: string;
  readonly artifactUrl: string;
  readonly checkUrl: string;
}

type CommentPorts = Pick<
  Ports,
  'workspace' | 'forge' | 'gitlab' | 'artifacts' | 'context' | 'progress' | 'sha256'
>;

/**
 * Writes the one sticky comment of a pull request from the reports of earlier steps; after the run of a fork's pull request
 * (`workflow_run`), from the artifact that it left.
 * @throws InputError when there is no report or no pull request, or an artifact is not to be trusted; OutsideError when the
 * forge refuses.
 */
export async function comment(request: CommentRequest, ports: CommentPorts): Promise<Outcome<CommentRecord>> {
  const { context } = ports;
  const isFollowing =
    context.followedRun !== undefined && request.pullRequest === undefined && request.forge === 'github';
  return isFollowing ? commentAfterRun(request, ports, context.followedRun) : commentOwn(request, ports);
}

/** Reports of this very job. */
async function commentOwn(request: CommentRequest, ports: CommentPorts): Promise<Outcome<CommentRecord>> {
  const { context, workspace } = ports;
  const pullRequest = request.pullRequest ?? context.pullRequest?.number;
  if (pullRequest === undefined && request.forge !== 'file') throw noPullRequest();
  const paths = await workspace.list(request.reports);
  if (paths.length === 0) throw noReports(`no report matches ${request.reports.join(', ')}`);
  const files = await Promise.all(
    paths.map(async (name) => ({ name, text: (await workspace.readText(name))! })),
  );
  const message: Message = {
    reports: inReadingOrder(reportsOfFiles(files)),
    pullRequest: pullRequest ?? 0,
    commit: context.pullRequest?.head,
    isStrangers: false,
  };
  const page = await writePage(request, message, ports);
  const kept = await keepArtifact(request, message, ports);
  try {
    return await publish(request, message, { ...ports, page, artifactUrl: kept?.url ?? '' });
  } catch (error) {
    if (!kept || !context.pullRequest?.fromFork || !isReadOnly(error)) throw error;
    ports.progress.step(
      `The token of a fork's pull request can only read. The reports wait in the artifact ${artifactName(request)} for a workflow_run job to comment.`,
    );
    return answer(message, { status: 'kept', page, artifactUrl: kept.url ?? '' });
  }
}

/** Reports that the run of a pull request left, which its author may have written by hand. */
async function commentAfterRun(
  request: CommentRequest,
  ports: CommentPorts,
  run: NonNullable<Ports['context']['followedRun']>,
): Promise<Outcome<CommentRecord>> {
  const files = await (await ports.artifacts()).read({ run: run.id, name: artifactName(request) });
  if (!files) throw noReports(`run ${run.id} left no artifact ${artifactName(request)}`);
  const reports = inReadingOrder(strangersReports(files));
  if (reports.length === 0) throw noReports(`the artifact ${artifactName(request)} holds no report`);
  const forge = await ports.forge();
  const [pullRequest] = await forge.pullRequestsFrom(run.head);
  const message: Message = {
    reports,
    pullRequest: pullRequest?.number ?? 0,
    commit: run.head.commit,
    isStrangers: true,
  };
  const page = await writePage(request, message, ports);
  if (!pullRequest) {
    ports.progress.step(
      `No open pull request of ${run.head.owner}:${run.head.branch} has ${run.head.commit} as its head any more.`,
    );
    return answer(message, { status: 'outdated', page });
  }
  const kept = await keepArtifact(request, message, ports);
  return publish(request, message, { ...ports, page, artifactUrl: kept?.url ?? '' });
}

async function publish(
  request: CommentRequest,
  message: Message,
  ports: CommentPorts & { page: string; artifactUrl: string },
): Promise<Outcome<CommentRecord>> {
  const { context, page, artifactUrl } = ports;
  const { reports, pullRequest, commit, isStrangers } = message;
  const board = await boardOf(request, ports);
  const link = artifactUrl || context.runUrl;
  const note = isStrangers ? { note: STRANGERS_NOTE } : {};
  const written = await board.upsertComment({
    pullRequest,
    key: request.key,
    body: (previous) =>
      renderComment({
        key: request.key,
        reports: withEvaluations(reports),
        ...(previous === undefined ? {} : { previous }),
        ...(link ? { link } : {}),
        ...(commit ? { revision: commit.slice(0, 12) } : {}),
        ...sourceOf(request, message),
        ...note,
      }),
  });
  const checkUrl =
    request.check && commit && request.forge === 'github'
      ? await writeCheck(request, message, { ...ports, link, note })
      : '';
  return answer(message, { ...written, page, artifactUrl, checkUrl });
}

async function boardOf({ forge, output }: CommentRequest, ports: CommentPorts): Promise<CommentBoard> {
  switch (forge) {
    case 'github':
      return ports.forge();
    case 'gitlab':
      return ports.gitlab();
    case 'file':
      return fileBoard(ports.workspace, output);
  }
}

async function writeCheck(
  { key }: CommentRequest,
  { reports, commit }: Message,
  context: CommentPorts & { link: string | undefined; note: object },
): Promise<string> {
  const { link, note } = context;
  const summary = renderMarkdown(withEvaluations(reports), {
    budget: CHECK_BUDGET,
    ...(link ? { link } : {}),
    ...note,
  });
  const { url } = await (await context.forge()).publishCheck(
    checkRunOf(reports, { name: key, commit: commit!, summary }),
  );
  return url;
}

/** The page for a browser: beside the reports, and in the artifact. */
async function writePage(
  request: CommentRequest,
  message: Message,
  { workspace }: CommentPorts,
): Promise<string> {
  await workspace.write('.rastro/.gitignore', '*\n');
  await workspace.write(HTML_REPORT, pageOf(request, message));
  return HTML_REPORT;
}

function artifactName({ key }: CommentRequest): string {
  return `rastro-${key}`;
}

/** Undefined where artifacts cannot be kept or are not asked for. A comment is worth more than its link: a failure is only told. */
async function keepArtifact(request: CommentRequest, message: Message, ports: CommentPorts) {
  if (!request.artifact || request.forge !== 'github') return undefined;
  try {
    return await (await ports.artifacts()).keep({
      name: artifactName(request),
      files: [
        { name: 'report.html', text: pageOf(request, message) },
        ...message.reports.map((report, index) => ({
          name: `reports/${String(index).padStart(4, '0')}.json`,
          text: renderJson(report),
        })),
      ],
    });
  } catch (error) {
    if (!isRastroError(error)) throw error;
    ports.progress.step(`The comment goes without its artifact: ${error.message}`);
    return undefined;
  }
}

function answer(
  { reports }: Message,
  about: Pick<CommentRecord, 'status' | 'page'> & Partial<CommentRecord>,
): Outcome<CommentRecord> {
  const nothing = { url: '', body: '', artifactUrl: '', checkUrl: '' };
  return { status: 'pass', reports: [], record: { ...nothing, verdict: worstStatus(reports), ...about } };
}

function isReadOnly(error: unknown): boolean {
  return isRastroError(error) && error.faults.some(({ code }) => code === 'permission-missing');
}

function noPullRequest(): InputError {
  return new InputError(
    fault(
      'no-pull-request',
      'this run is not about a pull request',
      undefined,
      'Run it on the event pull_request, or give "pull-request".',
    ),
  );
}

function noReports(message: string): InputError {
  return new InputError(
    fault(
      'no-reports',
      message,
      undefined,
      'Run validate, evaluate or compare in an earlier step of this job.',
    ),
  );
}
