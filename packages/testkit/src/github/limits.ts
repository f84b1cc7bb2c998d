import { type Answer, type Call, unprocessable } from './call.ts';

/** How many characters GitHub takes for a `body`. */
const bodyLimits: Readonly<Record<string, number>> = {
  '/repos/{owner}/{repo}/issues/{issue_number}/comments': 65_536,
  '/repos/{owner}/{repo}/issues/comments/{comment_id}': 65_536,
  '/repos/{owner}/{repo}/issues': 65_536,
  '/repos/{owner}/{repo}/issues/{issue_number}': 65_536,
  '/repos/{owner}/{repo}/pulls': 65_536,
  '/repos/{owner}/{repo}/pulls/{pull_number}': 65_536,
  '/repos/{owner}/{repo}/releases': 125_000,
  '/repos/{owner}/{repo}/releases/{release_id}': 125_000,
};

/** Refuses a body that GitHub would find too long. */
export function refuseOverLimit(call: Call): Answer | undefined {
  const limit = bodyLimits[call.operation.split(' ')[1] ?? ''];
  if (limit === undefined || String(call.body.body ?? '').length <= limit) return undefined;
  return unprocessable({
    field: 'body',
    code: 'custom',
    message: `body is too long (maximum is ${limit} characters)`,
  });
}

/** The permission that a writing operation asks of a workflow's token, as GitHub's answer names it. */
export function permissionFor(operation: string): string {
  const path = operation.slice(operation.indexOf(' ') + 1).replace('/repos/{owner}/{repo}/', '');
  if (path.startsWith('issues')) return 'issues=write; pull_requests=write';
  if (path.startsWith('pulls')) return path.endsWith('/merge') ? 'contents=write' : 'pull_requests=write';
  if (path.startsWith('deployments')) return 'deployments=write';
  if (path.startsWith('check')) return 'checks=write';
  if (path.startsWith('statuses')) return 'statuses=write';
  if (path.startsWith('actions')) return 'actions=write';
  return 'contents=write';
}
