import type { Report } from '@rastro/report';
import { REPORTS_FOLDER, type Workspace } from '@rastro/usecases';

/**
 * Leaves each report where a later `comment` step, or an artifact, finds it: `.rastro/reports/<verb>-<subject>.json`.
 * The folder ignores itself, so that nothing of it is ever committed.
 */
export async function saveReports(workspace: Workspace, reports: readonly Report[]): Promise<void> {
  if (reports.length === 0) return;
  await workspace.write('.rastro/.gitignore', '*\n');
  for (const report of reports) {
    const name = `${report.verb}-${report.subject.replaceAll(/[^a-zA-Z0-9_-]+/g, '-')}`;
    await workspace.write(`${REPORTS_FOLDER}/${name}.json`, `${JSON.stringify(report, null, 2)}\n`);
  }
}
