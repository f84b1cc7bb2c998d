import { createHash } from 'node:crypto';
import type { CheckRun } from '@rastro/usecases';
import type { Session } from './session.ts';

/** GitHub takes no more annotations in one request, and adds those of the next to them. */
const BATCH = 50;

/**
 * Writes a check run on a commit, or finds the one that says the same. All requests but the last leave it in progress:
 * one that was left half-told shows as such, and is not taken up, because what it has cannot be taken back.
 */
export async function publishCheck(session: Session, check: CheckRun): Promise<{ url: string }> {
  const { octokit, place, attempt } = session;
  const { name, commit, conclusion, title, summary, annotations } = check;
  return attempt({ doing: `writing the check "${name}"`, permission: 'checks: write' }, async () => {
    const fingerprint = createHash('sha256').update(JSON.stringify(check)).digest('hex');
    const existing = await findComplete(session, check, fingerprint);
    if (existing) return { url: existing };
    const [first = [], ...others] = inBatches(annotations.map(annotationOf));
    const output = (batch: typeof first) => ({ title, summary, annotations: batch });
    const completed = { status: 'completed', conclusion } as const;
    const { data } = await octokit.rest.checks.create({
      ...place,
      name,
      head_sha: commit,
      external_id: fingerprint,
      output: output(first),
      ...(others.length === 0 ? completed : { status: 'in_progress' as const }),
    });
    for (const [at, batch] of others.entries()) {
      await octokit.rest.checks.update({
        ...place,
        check_run_id: data.id,
        output: output(batch),
        ...(at === others.length - 1 ? completed : {}),
        // Sent twice its annotations would be there twice.
        request: { retries: 0 },
      });
    }
    return { url: data.html_url ?? data.url };
  });
}

async function findComplete({ octokit, place }: Session, { name, commit }: CheckRun, fingerprint: string) {
  const { data } = await octokit.rest.checks.listForRef({
    ...place,
    ref: commit,
    check_name: name,
    status: 'completed',
    per_page: 100,
  });
  const found = data.check_runs.find((run) => run.external_id === fingerprint);
  return found && (found.html_url ?? found.url);
}

function annotationOf(annotation: CheckRun['annotations'][number]) {
  const { file, line, endLine, level, title, message } = annotation;
  return {
    path: file,
    start_line: line,
    end_line: endLine ?? line,
    annotation_level: level,
    message,
    ...(title ? { title } : {}),
  };
}

function inBatches<T>(items: readonly T[]): T[][] {
  const count = Math.ceil(items.length / BATCH);
  return Array.from({ length: count }, (_, at) => items.slice(at * BATCH, (at + 1) * BATCH));
}
