import type { Report, Section, Text } from '@rastro/report';
import type { ModelEvidence } from './evidence.ts';
import type { ReleaseRecord } from './release.ts';
import { changesSince, type PreviousVersion } from './release-changes.ts';
import type { ReleaseFiles } from './release-files.ts';
import { figure, report, short, table } from './report.ts';

/** What a release says of itself; `previous` is the version that it follows. */
export function describeRelease(
  record: ReleaseRecord,
  evidence: ModelEvidence,
  previous: PreviousVersion | undefined,
): Report {
  const { model, version, status, reasons, sha256, commit, tag, url } = record;
  const { record: evaluated, recordSha256, lock } = evidence;
  const sentence = {
    released: `Released ${model} ${version}.`,
    existing: `This file is ${model} ${version} already.`,
    planned: `${model} ${version} would be released.`,
    refused: `${model} is not released: ${reasons.join('; ')}.`,
  }[status];
  const metrics = Object.entries(evaluated.evaluation.metrics);
  return report('release', model, { status: status === 'refused' ? 'fail' : 'pass', sentence }, [
    {
      id: 'version',
      title: 'Version',
      importance: 80,
      blocks: [
        {
          kind: 'facts',
          items: [
            { label: 'Tag', value: url ? [{ link: tag, url }] : [{ code: tag }] },
            { label: 'Commit', value: [{ code: short(commit) }] },
            { label: 'Model digest', value: [{ code: sha256 }] },
            { label: 'Evaluation digest', value: [{ code: short(recordSha256) }] },
            ...(lock ? [{ label: 'Trained by', value: [{ code: lock.cmd }] }] : []),
          ],
        },
        { kind: 'list', items: [...reasons] },
      ],
    },
    changesSince(previous, evidence),
    {
      id: 'metrics',
      title: 'Metrics',
      importance: 60,
      blocks: [
        table(
          ['Metric', ['Value', 'right'], ['Interval', 'right']],
          metrics.map(([name, { value, low, high }]) => [
            name,
            figure(value),
            low === null ? '–' : `${figure(low)} to ${figure(high)}`,
          ]),
        ),
      ],
    },
  ]);
}

/** Where the documents of a release are that no forge has. */
export function keptFiles({ bom }: ReleaseFiles, notOnGitHub: boolean): Section {
  const folder = bom.slice(0, bom.lastIndexOf('/'));
  const why = notOnGitHub
    ? '. There is no GitHub release, as the remote is not on GitHub: to publish one at a GitHub server of your own, set GITHUB_SERVER_URL and GITHUB_TOKEN and run this again.'
    : '.';
  const text: Text = ['What goes with the model file is in ', { code: folder }, why];
  return { id: 'files', title: 'Files', importance: 75, blocks: [{ kind: 'paragraph', text }] };
}
