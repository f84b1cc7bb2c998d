import { type Report, renderHtml, type Source } from '@rastro/report';
import type { CommentRequest } from './comment.ts';
import { withEvaluations } from './comment-reports.ts';

/** What is to be said, and about what. */
export interface Message {
  readonly reports: readonly Report[];
  readonly pullRequest: number;
  /** The commit that the reports are about. */
  readonly commit: string | undefined;
  /** The number of the run that made them. */
  readonly run: number | undefined;
  /** Whether the pull request is at that commit still; undefined when that is not known. */
  readonly isHead: boolean | undefined;
  /** The reports come from a run of somebody else's code: nothing in them is believed but the numbers, and that is said. */
  readonly isStrangers: boolean;
}

const STRANGERS_NOTE =
  'Made by a run of this pull request’s own code, without access to secrets: the numbers are what that run reported.';

/** What a reader must know of reports that a run of the pull request's own code left. */
export function noteOf({ isStrangers }: Message): { note?: string } {
  return isStrangers ? { note: STRANGERS_NOTE } : {};
}

/** What was judged, and where a clone fetches it from. */
export function sourceOf(
  request: Pick<CommentRequest, 'forge'>,
  { commit, pullRequest }: Message,
): { source?: Source } {
  if (commit === undefined) return {};
  return { source: { commit, ...(pullRequest > 0 ? fetchRef(request, pullRequest) : {}) } };
}

function fetchRef({ forge }: Pick<CommentRequest, 'forge'>, pullRequest: number): { ref?: string } {
  switch (forge) {
    case 'github':
      return { ref: `pull/${pullRequest}/head` };
    case 'gitlab':
      return { ref: `merge-requests/${pullRequest}/head` };
    case 'file':
      return {};
  }
}

/** The message as a page for a browser. */
export function pageOf(request: Pick<CommentRequest, 'forge'>, message: Message): string {
  const { reports, commit, pullRequest } = message;
  const about = pullRequest > 0 ? `pull request #${pullRequest}` : 'this checkout';
  return renderHtml(withEvaluations(reports), {
    title: `Rastro report of ${about}`,
    generatedFrom: commit ? `commit ${commit.slice(0, 12)} of ${about}` : about,
    ...noteOf(message),
    ...sourceOf(request, message),
  });
}
