import { posix } from 'node:path';
import { isRastroError } from '@rastro/fault';
import type { Report } from '@rastro/report';
import { type Ports, REPORTS_FOLDER } from '@rastro/usecases';

/**
 * Leaves each report where a later `comment` step, or an artifact, finds it: `.rastro/reports/<verb>-<subject>.json`.
 * The folder ignores itself, so that nothing of it is ever committed. Files are named from the root of the repository, as
 * whoever comments may work in another folder of it, for several projects at once.
 */
export async function saveReports(
  { workspace, clone }: Pick<Ports, 'workspace' | 'clone'>,
  reports: readonly Report[],
): Promise<void> {
  if (reports.length === 0) return;
  const hasFiles = reports.some(({ findings }) => findings.some(({ file }) => file !== undefined));
  const folder = hasFiles ? await folderInRepository(clone) : '';
  await workspace.write('.rastro/.gitignore', '*\n');
  for (const report of reports) {
    const name = `${report.verb}-${report.subject.replaceAll(/[^a-zA-Z0-9_-]+/g, '-')}`;
    const text = JSON.stringify(fromRoot(report, folder), null, 2);
    await workspace.write(`${REPORTS_FOLDER}/${name}.json`, `${text}\n`);
  }
}

async function folderInRepository(clone: Ports['clone']): Promise<string> {
  try {
    return (await clone()).folder;
  } catch (error) {
    // Outside of a repository there is no root to name files from.
    if (isRastroError(error)) return '';
    throw error;
  }
}

function fromRoot(report: Report, folder: string): Report {
  if (folder === '') return report;
  return {
    ...report,
    findings: report.findings.map((finding) =>
      finding.file === undefined || posix.isAbsolute(finding.file)
        ? finding
        : { ...finding, file: posix.join(folder, finding.file) },
    ),
  };
}
