import type { ContractChange, ContractEvolution, Offender, RuleResult } from '@rastro/contract';
import { hasNew, levelOf, toldOffenders } from '@rastro/contract';
import { showPlace } from '@rastro/fault';
import type { Finding, Report, Section, Text } from '@rastro/report';
import { grouped } from '@rastro/report';
import { count, percent, report, table } from './report.ts';
import type { ValidateRecord, ValidateRequest } from './validate.ts';

type Manner = Pick<ValidateRequest, 'failOn' | 'severity'>;

/** What one check found, for people. */
export function describeCheck(record: ValidateRecord, manner: Manner): Report {
  const broken = record.result.rules.filter(({ status }) => status === 'fail' || status === 'warn');
  const isWarned = broken.length > 0 || record.evolution?.versionTells === false;
  const status = record.verdict === 'breach' ? 'fail' : isWarned ? 'warn' : 'pass';
  return report(
    'validate',
    record.dataset,
    { status, sentence: sentence(record, broken.length) },
    [rulesSection(record, broken), skippedSection(record), evolutionSection(record.evolution)],
    [...broken.flatMap((rule) => findingsOf(rule, manner)), ...evolutionFindings(record, manner)],
  );
}

function sentence(
  { dataset, rows, errors, warnings, notices, fresh, result, evolution }: ValidateRecord,
  broken: number,
) {
  const skipped = result.rules.filter(({ status }) => status === 'skipped').length;
  const unjudged = skipped === 0 ? '' : `, and ${skipped} that could not be judged`;
  const rules = `${count(result.rules.length - skipped, 'rule')} on ${count(rows, 'row')}${unjudged}`;
  const known =
    fresh === null || broken === 0 ? '' : fresh === 0 ? ', none of them new' : `, ${fresh} of them new`;
  const kept =
    broken === 0
      ? `${dataset} keeps its contract: ${rules}.`
      : `${dataset} breaks its contract: ${breaches({ errors, warnings, notices })} among ${rules}${known}.`;
  return evolution?.versionTells === false
    ? `${kept} The contract itself has breaking changes that its version ${evolution.to} does not tell.`
    : kept;
}

/** "2 errors and 1 warning"; what there is none of is not told. */
function breaches(found: Pick<ValidateRecord, 'errors' | 'warnings' | 'notices'>): string {
  const told = (['error', 'warning', 'notice'] as const).flatMap((level) =>
    found[`${level}s`] > 0 ? [count(found[`${level}s`], level)] : [],
  );
  return told.join(', ').replace(/, (?=[^,]*$)/, ' and ');
}

function rulesSection(
  { contract, base, baseNote, fresh }: ValidateRecord,
  broken: readonly RuleResult[],
): Section | undefined {
  if (broken.length === 0) return undefined;
  const compared: Text =
    base === null
      ? []
      : [baseNote === null ? `, compared with the ${base}` : `. Every breach counts as new: ${baseNote}`];
  const isCompared = fresh !== null;
  return {
    id: 'data-contract',
    title: 'Data contract',
    importance: 80,
    blocks: [
      { kind: 'paragraph', text: ['Contract ', { code: contract }, ...compared] },
      table(
        [
          'Rule',
          'Expected',
          ['Count', 'right'],
          ...(isCompared ? [['New', 'right'] as const] : []),
          ['Share', 'right'],
          'Found',
          'First at',
        ],
        broken.map((rule) => ruleRow(rule, isCompared)),
      ),
    ],
  };
}

function ruleRow(rule: RuleResult, isCompared: boolean): Text[] {
  const first = rule.offenders[0];
  return [
    [{ code: rule.id }, rule.status === 'warn' ? ` (${levelOf(rule)})` : ''],
    rule.expected,
    grouped(rule.count),
    ...(isCompared ? [grouped(rule.count - (rule.known ?? 0))] : []),
    // A rule about the table as a whole is broken or not: no share of rows breaks it.
    rule.share === 0 ? '' : percent(rule.share),
    found(rule, first),
    first ? [{ code: where(first) }] : [{ code: showPlace(rule.place) }],
  ];
}

/** Rules that this run could not tell; those that lack a column are told by the column. */
function skippedSection({ result: { rules } }: ValidateRecord): Section | undefined {
  const lacking = new Set(rules.filter(isMissingColumn).flatMap(({ columns }) => columns));
  const skipped = rules.filter(
    ({ status, columns }) => status === 'skipped' && !columns.some((column) => lacking.has(column)),
  );
  if (skipped.length === 0) return undefined;
  return {
    id: 'not-judged',
    title: 'Not judged',
    importance: 60,
    blocks: [
      table(
        ['Rule', 'Expected', 'Why not'],
        skipped.map((rule) => [[{ code: rule.id }], rule.expected, rule.note ?? '']),
      ),
    ],
  };
}

function isMissingColumn({ kind, id, columns, status }: RuleResult): boolean {
  return kind === 'columns' && status === 'fail' && columns.some((column) => id === `${column}.column`);
}

function found(rule: RuleResult, first: Offender | undefined): string {
  return rule.actual ?? first?.value ?? first?.note ?? rule.note ?? '';
}

/** Each offender becomes an annotation at its line; a rule about the whole table is told at the contract. */
function findingsOf(rule: RuleResult, manner: Manner): Finding[] {
  const base = { title: rule.id } as const;
  if (rule.offenders.length === 0) {
    const { file, line, column } = rule.place;
    const message = `expected ${rule.expected}${rule.actual === undefined ? '' : `, found ${rule.actual}`}${rule.note ? ` (${rule.note})` : ''}`;
    const severity = severityOf(rule, !hasNew(rule), manner);
    return [{ ...base, severity, message, file, ...(line ? { line } : {}), ...(column ? { column } : {}) }];
  }
  return toldOffenders(rule).map((offender) => ({
    ...base,
    severity: severityOf(rule, offender.known ?? false, manner),
    message: message(rule, offender),
    file: offender.file,
    ...(offender.line === undefined ? {} : { line: offender.line }),
  }));
}

/** What the base has too is only noted, where it does not fail the check. */
function severityOf(rule: RuleResult, isKnown: boolean, { failOn }: Manner): Finding['severity'] {
  if (isKnown && failOn !== 'any') return 'notice';
  return levelOf(rule);
}

function message(rule: RuleResult, { column, value, note, row, known }: Offender): string {
  return [
    row === undefined ? '' : `row ${row}: `,
    column === undefined ? '' : `column ${column}: `,
    `expected ${rule.expected}`,
    value === undefined ? '' : `, got "${value}"`,
    note === undefined ? '' : ` (${note})`,
    known === true ? ', as in the base' : '',
  ].join('');
}

function where({ file, line, row }: Offender): string {
  if (line !== undefined) return `${file}:${line}`;
  return row === undefined ? file : `${file}, row ${row}`;
}

function evolutionSection(evolution: ContractEvolution | null): Section | undefined {
  if (!evolution || evolution.changes.length === 0) return undefined;
  const { from, to, changes, versionTells } = evolution;
  const version = from === to ? `The version stays ${to}` : `The version goes from ${from} to ${to}`;
  return {
    id: 'contract-evolution',
    title: 'Contract changes',
    importance: versionTells ? 50 : 85,
    blocks: [
      {
        kind: 'paragraph',
        text: versionTells ? `${version}.` : `${version}, but a breaking change raises its first number.`,
      },
      table(['Change', 'Subject', 'What', 'Where'], breakingFirst(changes).map(changeRow)),
    ],
  };
}

function breakingFirst(changes: readonly ContractChange[]): ContractChange[] {
  return [...changes].sort((a, b) => Number(b.kind === 'breaking') - Number(a.kind === 'breaking'));
}

function changeRow({ kind, subject, message, place }: ContractChange): Text[] {
  return [kind, [{ code: subject }], message, [{ code: showPlace(place) }]];
}

function evolutionFindings({ evolution }: ValidateRecord, { failOn }: Manner): Finding[] {
  if (!evolution || evolution.versionTells) return [];
  const breaking = evolution.changes.filter(({ kind }) => kind === 'breaking').map(({ message }) => message);
  const { file, line } = evolution.versionPlace;
  return [
    {
      severity: failOn === 'never' ? 'warning' : 'error',
      title: 'contract-version',
      message: `breaking changes, but the version is ${evolution.to}, was ${evolution.from}: ${breaking.join('; ')}. Raise its first number.`,
      file,
      ...(line ? { line } : {}),
    },
  ];
}
