import type { CheckRun } from '@rastro/usecases';
import type { Session } from './session.ts';

/** GitHub takes no more annotations in one request, and adds those of the next to them. */
const BATCH = 50;

/** Writes a check run on a commit; all requests but the last leave it in progress, so that a half-told one shows as such. */
export async function publishCheck(session: Session, check: CheckRun): Promise<{ url: string }> {
  const { octokit, place, attempt } = session;
  const { name, commit, conclusion, title, summary, annotations } = check;
  return attempt({ doing: `writing the check "${name}"`, permission: 'checks: write' }, async () => {
    const batches = inBatches(annotations.map(annotationOf));
    const output = (batch: ReturnType<typeof annotationOf>[]) => ({ title, summary, annotations: batch });
    const [first = [], ...others] = batches;
    const { data } = await octokit.rest.checks.create({
      ...place,
      name,
      head_sha: commit,
      output: output(first),
      ...(others.length === 0
        ? { status: 'completed' as const, conclusion }
        : { status: 'in_progress' as const }),
    });
    for (const [at, batch] of others.entries()) {
      await octokit.rest.checks.update({
        ...place,
        check_run_id: data.id,
        output: output(batch),
        ...(at === others.length - 1 ? { status: 'completed' as const, conclusion } : {}),
      });
    }
    return { url: data.html_url ?? data.url };
  });
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
