import { fault, InputError, isRastroError } from '@rastro/fault';
import {
  CHECK_BUDGET,
  foldVerdict,
  renderComment,
  renderMarkdown,
  showsLater,
  worstStatus,
} from '@rastro/report';
import { z } from 'zod';
import { artifactName, keepArtifact, writePage } from './comment-artifact.ts';
import { checkRunOf } from './comment-check.ts';
import { fileBoard } from './comment-file.ts';
import { type Message, noteOf, sourceOf } from './comment-message.ts';
import { inReadingOrder, reportsOfFiles, strangersReports, withEvaluations } from './comment-reports.ts';
import type { Outcome } from './outcome.ts';
import type { CommentBoard, Ports } from './ports/index.ts';
import { REPORTS_FOLDER } from './reports-folder.ts';

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
    .describe(
      'Write a check run too, with every finding beside its line; where there is no pull request, it alone. Needs `checks: write`.',
    ),
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
   * `outdated`: the pull request has moved on, or is closed; a comment that shows a later verdict has this one in its history.
   * `none`: the run is about no pull request, and wrote the check run alone.
   */
  readonly status: 'created' | 'updated' | 'unchanged' | 'kept' | 'outdated' | 'none';
  readonly verdict: 'pass' | 'warn' | 'fail' | 'info';
  readonly body: string;
  /** Path of the HTML page in the workspace. */
  readonly page: string;
  readonly artifactUrl: string;
  readonly checkUrl: string;
}

type CommentPorts = Pick<
  Ports,
  'workspace' | 'clone' | 'forge' | 'gitlab' | 'artifacts' | 'context' | 'progress' | 'sha256'
>;

/**
 * Writes the one sticky comment of a pull request from the reports of earlier steps; after the run of a fork's pull request
 * (`workflow_run`), from the artifact that it left.
 * @throws InputError when there is no report or no pull request, or an artifact is not to be trusted; OutsideError when the
 * forge refuses.
 */
export async function comment(request: CommentRequest, ports: CommentPorts): Promise<Outcome<CommentRecord>> {
  const { context } = ports;
  if (request.check && request.forge !== 'github') throw checkElsewhere(request.forge);
  const isFollowing =
    context.followedRun !== undefined && request.pullRequest === undefined && request.forge === 'github';
  return isFollowing ? commentAfterRun(request, ports, context.followedRun) : commentOwn(request, ports);
}

/** Reports of this very job. */
async function commentOwn(request: CommentRequest, ports: CommentPorts): Promise<Outcome<CommentRecord>> {
  const { context, workspace } = ports;
  const pullRequest = request.pullRequest ?? context.pullRequest?.number;
  const needsPullRequest = request.forge !== 'file' && !request.check;
  if (pullRequest === undefined && needsPullRequest) throw noPullRequest();
  const paths = await workspace.list(request.reports);
  if (paths.length === 0) throw noReports(`no report matches ${request.reports.join(', ')}`);
  const files = await Promise.all(
    paths.map(async (name) => ({ name, text: (await workspace.readText(name))! })),
  );
  const message: Message = {
    reports: inReadingOrder(reportsOfFiles(files)),
    pullRequest: pullRequest ?? 0,
    commit: context.pullRequest?.head,
    run: context.runId,
    isHead: undefined,
    isStrangers: false,
  };
  const page = await writePage(request, message, ports);
  const kept = await keepArtifact(request, message, ports);
  const about = { page, artifactUrl: kept?.url ?? '' };
  if (pullRequest === undefined && request.forge !== 'file') {
    const checkUrl = await writeCheck(request, message, { ...ports, ...about });
    return answer(message, { status: 'none', ...about, checkUrl });
  }
  try {
    const isHead = await isStillHead(request, message, ports);
    return await publish(request, { ...message, isHead }, { ...ports, ...about });
  } catch (error) {
    if (!kept || !context.pullRequest?.fromFork || !isReadOnly(error)) throw error;
    ports.progress.step(
      `The token of a fork's pull request can only read. The reports wait in the artifact ${artifactName(request)} for a workflow_run job to comment.`,
    );
    return answer(message, { status: 'kept', ...about });
  }
}

/** A job may end long after its pull request has moved on. Asked only where the event itself names the commit. */
async function isStillHead(
  { forge }: CommentRequest,
  { pullRequest, commit }: Message,
  { context, forge: github }: CommentPorts,
): Promise<boolean | undefined> {
  if (forge !== 'github' || commit === undefined || context.pullRequest?.number !== pullRequest)
    return undefined;
  return (await (await github()).pullRequest(pullRequest)).head === commit;
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
    run: run.id,
    isHead: pullRequest ? true : undefined,
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
  ports: CommentPorts & Published,
): Promise<Outcome<CommentRecord>> {
  const { page, artifactUrl } = ports;
  const { reports, pullRequest, commit, run, isHead } = message;
  const { key } = request;
  const board = await boardOf(request, ports);
  const verdict = { reports: withEvaluations(reports), revision: commit?.slice(0, 12) ?? '', run };
  let isOutdated = false;
  const written = await board.upsertComment({
    pullRequest,
    key,
    body(previous) {
      isOutdated = previous !== undefined && showsLater(previous, { ...verdict, isHead });
      if (previous !== undefined && isOutdated) return foldVerdict(previous, { ...verdict, key });
      return renderComment({
        ...verdict,
        key,
        previous,
        ...linkOf(ports),
        ...sourceOf(request, message),
        ...noteOf(message),
      });
    },
  });
  const checkUrl = request.check ? await writeCheck(request, message, ports) : '';
  const status = isOutdated ? 'outdated' : written.status;
  return answer(message, { ...written, status, page, artifactUrl, checkUrl });
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
  message: Message,
  ports: CommentPorts & Published,
): Promise<string> {
  const { reports, commit } = message;
  const summary = renderMarkdown(withEvaluations(reports), {
    budget: CHECK_BUDGET,
    ...linkOf(ports),
    ...noteOf(message),
  });
  // Where the event names none, it is the commit that was checked out and judged.
  const judged = commit ?? (await (await ports.clone()).head());
  const { url } = await (await ports.forge()).publishCheck(
    checkRunOf(reports, { name: key, commit: judged, summary }),
  );
  return url;
}

/** What was left for readers before the comment is written. */
type Published = Pick<CommentRecord, 'page' | 'artifactUrl'>;

function linkOf({ artifactUrl, context }: CommentPorts & Published): { link?: string } {
  const link = artifactUrl || context.runUrl;
  return link ? { link } : {};
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

function checkElsewhere(forge: string): InputError {
  return new InputError(
    fault(
      'check-elsewhere',
      `a check run is written on GitHub, and the comment goes to "${forge}"`,
      undefined,
      'Leave "check" out.',
    ),
  );
}

function noPullRequest(): InputError {
  return new InputError(
    fault(
      'no-pull-request',
      'this run is not about a pull request',
      undefined,
      'Run it on the event pull_request, or give "pull-request"; with "check: true" a check run is written without one.',
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
