import { fault, InputError } from '@rastro/fault';
import { parseReport, type Report, renderComment, worstStatus } from '@rastro/report';
import { z } from 'zod';
import type { Outcome } from './outcome.ts';
import type { Ports } from './ports/index.ts';
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
});
export type CommentRequest = z.output<typeof CommentRequest>;

export interface CommentRecord {
  readonly url: string;
  readonly status: 'created' | 'updated' | 'unchanged';
  readonly verdict: 'pass' | 'warn' | 'fail' | 'info';
  readonly body: string;
}

/** The order in which a reviewer reads: what was decided first, then the evidence, in the order of the work. */
const READING_ORDER = [
  'compare',
  'validate',
  'evaluate',
  'train',
  'release',
  'promote',
  'deploy',
  'monitor',
  'audit',
];

/**
 * Writes the one sticky comment of a pull request from the reports of earlier steps.
 * @throws InputError when there is no report or no pull request; OutsideError when GitHub refuses.
 */
export async function comment(
  request: CommentRequest,
  { workspace, forge, context }: Pick<Ports, 'workspace' | 'forge' | 'context'>,
): Promise<Outcome<CommentRecord>> {
  const pullRequest = request.pullRequest ?? context.pullRequest?.number;
  if (pullRequest === undefined) {
    throw new InputError(
      fault(
        'no-pull-request',
        'this run is not about a pull request',
        undefined,
        'Run it on the event pull_request, or give "pull-request".',
      ),
    );
  }
  const paths = await workspace.list(request.reports);
  if (paths.length === 0) {
    throw new InputError(
      fault(
        'no-reports',
        `no report matches ${request.reports.join(', ')}`,
        undefined,
        'Run validate, evaluate or compare in an earlier step of this job.',
      ),
    );
  }
  const reports = inReadingOrder(
    await Promise.all(paths.map(async (path) => parseReport((await workspace.readText(path))!, path))),
  );
  const target = await forge();
  const { url, status, body } = await target.upsertComment({
    pullRequest,
    key: request.key,
    body: (previous) =>
      renderComment({
        key: request.key,
        reports,
        ...(previous === undefined ? {} : { previous }),
        ...(context.runUrl ? { link: context.runUrl } : {}),
        ...(context.pullRequest ? { revision: context.pullRequest.head.slice(0, 12) } : {}),
      }),
  });
  return { status: 'pass', reports: [], record: { url, status, verdict: worstStatus(reports), body } };
}

function inReadingOrder(reports: readonly Report[]): Report[] {
  const rank = ({ verb }: Report) => {
    const index = READING_ORDER.indexOf(verb);
    return index === -1 ? READING_ORDER.length : index;
  };
  return [...reports].sort((a, b) => rank(a) - rank(b) || (a.subject < b.subject ? -1 : 1));
}
