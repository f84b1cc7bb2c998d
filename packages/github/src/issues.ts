import { marker } from '@rastro/report';
import type { Forge } from '@rastro/usecases';
import { sameText } from '@rastro/usecases';
import { keepComment, withMarker } from './comments.ts';
import type { Session } from './session.ts';

interface Issue {
  readonly number: number;
  readonly url: string;
  readonly title: string;
  readonly body: string;
}

const attempt = { doing: 'writing an issue', permission: 'issues: write' };

export async function upsertIssue(
  session: Session,
  issue: Parameters<Forge['upsertIssue']>[0],
): ReturnType<Forge['upsertIssue']> {
  return session.attempt(attempt, async () => {
    const [oldest] = await ourOpenIssues(session, issue.key);
    if (oldest) return updateIssue(session, issue, oldest);
    const { octokit, place, identity } = session;
    const { data: mine } = await octokit.rest.issues.create({
      ...place,
      title: issue.title,
      body: withMarker(issue.key, issue.body),
      labels: [...issue.labels],
    });
    identity.learn(mine.user);
    const [first] = await ourOpenIssues(session, issue.key);
    if (!first || first.number >= mine.number) {
      return { number: mine.number, url: mine.html_url, status: 'created' };
    }
    // Another run opened one at the same time. Issues cannot be deleted, so ours is closed.
    await octokit.rest.issues.update({
      ...place,
      issue_number: mine.number,
      state: 'closed',
      state_reason: 'not_planned',
    });
    return updateIssue(session, issue, first);
  });
}

export async function closeIssue(
  session: Session,
  { key, comment }: Parameters<Forge['closeIssue']>[0],
): Promise<boolean> {
  return session.attempt({ doing: 'closing an issue', permission: 'issues: write' }, async () => {
    const issues = await ourOpenIssues(session, key);
    for (const { number } of issues) {
      // Under a marker of its own, so that a run that was killed before closing does not say it twice.
      await keepComment(session, { number, key: `${key}/closed`, body: () => comment });
      await session.octokit.rest.issues.update({
        ...session.place,
        issue_number: number,
        state: 'closed',
        state_reason: 'completed',
      });
    }
    return issues.length > 0;
  });
}

async function updateIssue(
  { octokit, place }: Session,
  issue: Parameters<Forge['upsertIssue']>[0],
  existing: Issue,
): ReturnType<Forge['upsertIssue']> {
  const body = withMarker(issue.key, issue.body);
  const { number, url } = existing;
  if (issue.title === existing.title && sameText(body, existing.body)) {
    return { number, url, status: 'unchanged' };
  }
  await octokit.rest.issues.update({ ...place, issue_number: number, title: issue.title, body });
  return { number, url, status: 'updated' };
}

async function ourOpenIssues({ octokit, place, identity }: Session, key: string): Promise<Issue[]> {
  const start = marker(key);
  const all = await octokit.paginate(octokit.rest.issues.listForRepo, {
    ...place,
    state: 'open',
    per_page: 100,
  });
  const found: Issue[] = [];
  for (const { number, html_url, title, body, user, pull_request } of all) {
    if (pull_request || !body?.startsWith(start) || !(await identity.isOurs(user))) continue;
    found.push({ number, url: html_url, title, body });
  }
  return found.sort((a, b) => a.number - b.number);
}
