import { isRastroError } from '@rastro/fault';
import { renderJson } from '@rastro/report';
import type { CommentRequest } from './comment.ts';
import { type Message, pageOf } from './comment-message.ts';
import type { Ports } from './ports/index.ts';
import { HTML_REPORT } from './reports-folder.ts';

/** The page for a browser: beside the reports, and in the artifact. */
export async function writePage(
  request: CommentRequest,
  message: Message,
  { workspace }: Pick<Ports, 'workspace'>,
): Promise<string> {
  await workspace.write('.rastro/.gitignore', '*\n');
  await workspace.write(HTML_REPORT, pageOf(request, message));
  return HTML_REPORT;
}

export function artifactName({ key }: CommentRequest): string {
  return `rastro-${key}`;
}

/** Undefined where artifacts cannot be kept or are not asked for. A comment is worth more than its link: a failure is only told. */
export async function keepArtifact(
  request: CommentRequest,
  message: Message,
  ports: Pick<Ports, 'artifacts' | 'progress'>,
) {
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
