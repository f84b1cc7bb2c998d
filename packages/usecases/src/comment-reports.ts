import { fault, InputError } from '@rastro/fault';
import { OPEN_FROM, parseReport, type Report, type Section } from '@rastro/report';

interface ReportFile {
  readonly name: string;
  readonly text: string;
}

/** The order in which a reviewer reads: what was decided first, then the evidence, in the order of the work. */
const READING_ORDER = [
  'compare',
  'sweep',
  'validate',
  'evaluate',
  'train',
  'release',
  'promote',
  'deploy',
  'monitor',
  'audit',
];

export function inReadingOrder(reports: readonly Report[]): Report[] {
  const rank = ({ verb }: Report) => {
    const index = READING_ORDER.indexOf(verb);
    return index === -1 ? READING_ORDER.length : index;
  };
  return [...reports].sort((a, b) => rank(a) - rank(b) || (a.subject < b.subject ? -1 : 1));
}

/** @throws InputError when a file is not a report. */
export function reportsOfFiles(files: readonly ReportFile[]): Report[] {
  return files.map(({ name, text }) => parseReport(text, name));
}

const STRANGERS_FILE = /^reports\/\d{4}\.json$/u;
const MOST_REPORTS = 1000;

/**
 * The reports in the files of an artifact that a stranger's run left. What they say is only shown: their commands, which a reader
 * might paste, are dropped, and of their links, which a reader might follow, the words stay.
 * @throws InputError when a file has another place than a report's, there are too many, or one is not a report.
 */
export function strangersReports(files: readonly ReportFile[]): Report[] {
  const others = files.filter(({ name }) => name !== 'report.html');
  const stray = others.find(({ name }) => !STRANGERS_FILE.test(name));
  if (stray || others.length > MOST_REPORTS) {
    const why = stray ? `a file ${JSON.stringify(stray.name)}` : `${others.length} reports`;
    throw new InputError(
      fault(
        'artifact-unsafe',
        `the artifact is refused: it has ${why}`,
        undefined,
        'Keep it with the comment action itself.',
      ),
    );
  }
  return reportsOfFiles(others).map(({ arguments: _dropped, ...report }) => withoutLinks(report));
}

/** Only a link of a report has an address, and its words are a text by themselves. */
function withoutLinks(report: Report): Report {
  const unlinked = (_: string, value: unknown) => (isLink(value) ? value.link : value);
  return JSON.parse(JSON.stringify(report), unlinked) as Report;
}

function isLink(value: unknown): value is { link: string; url: string } {
  return typeof value === 'object' && value !== null && 'url' in value && 'link' in value;
}

/** In a comparison the curves and the lineage are there already, for both sides. */
const TOLD_BY_COMPARISON = new Set(['curves', 'lineage']);
const RENAMED: Readonly<Record<string, Pick<Section, 'title' | 'importance'>>> = {
  metrics: { title: 'All metrics', importance: 42 },
  slices: { title: 'All slices', importance: 41 },
};

/**
 * Puts what an evaluation says into the comparison of the same model, so that a model is one thing to read. The evaluation stays
 * as a verdict without sections.
 */
export function withEvaluations(reports: readonly Report[]): Report[] {
  const evaluations = new Map(
    reports.filter(({ verb }) => verb === 'evaluate').map((report) => [report.subject, report]),
  );
  const compared = new Set(reports.filter(({ verb }) => verb === 'compare').map(({ subject }) => subject));
  return reports.map((report) => {
    if (report.verb === 'evaluate' && compared.has(report.subject)) return { ...report, sections: [] };
    const evaluation = report.verb === 'compare' ? evaluations.get(report.subject) : undefined;
    return evaluation ? { ...report, sections: merged(report.sections, evaluation.sections) } : report;
  });
}

/** What stands open comes before what is folded. */
function merged(own: readonly Section[], evaluated: readonly Section[]): Section[] {
  const taken = evaluated
    .filter(({ id }) => !TOLD_BY_COMPARISON.has(id))
    .map((section) => ({ ...section, ...RENAMED[section.id], group: 'More of the candidate' }))
    .sort((a, b) => b.importance - a.importance);
  const [first, ...rest] = own;
  const lineage = rest.filter(({ id }) => id === 'lineage');
  const evidence = rest.filter(({ id }) => id !== 'lineage');
  return [
    ...(first ? [first] : []),
    ...taken.filter(isOpen),
    ...evidence.filter(isOpen),
    ...evidence.filter((section) => !isOpen(section)),
    ...taken.filter((section) => !isOpen(section)),
    ...lineage,
  ];
}

function isOpen({ importance }: Section): boolean {
  return importance >= OPEN_FROM;
}
