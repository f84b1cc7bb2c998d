import { fault, InputError } from '@rastro/fault';
import { benjaminiHochberg } from '@rastro/metrics';
import { type ColumnComparison, type ColumnValues, compareColumns } from './compare-columns.ts';

export interface NamedColumn {
  readonly name: string;
  readonly values: ColumnValues;
}

export interface DriftThresholds {
  /** PSI from which a difference is large enough to matter. */
  readonly psi: number;
  /** Share of false alarms that is borne over all columns. */
  readonly alpha: number;
  /** Share of the judged columns that must drift; any column when undefined. */
  readonly share?: number | undefined;
  /** Fewer rows than this on either side are not judged. */
  readonly minRows: number;
}

export interface JudgeDriftRequest {
  readonly reference: readonly NamedColumn[];
  readonly current: readonly NamedColumn[];
  readonly thresholds: DriftThresholds;
}

export interface ColumnDrift {
  readonly name: string;
  readonly comparison: ColumnComparison;
  /** Size of the difference: the PSI with bins for missing and never seen values. */
  readonly effect: number;
  /** Of values and missing values together; null when the column is not judged. After Benjamini-Hochberg: adjustedP. */
  readonly p: number | null;
  readonly adjustedP: number | null;
  readonly drifted: boolean;
  /** Why, as a phrase. */
  readonly reason: string;
}

export interface DriftVerdict {
  readonly verdict: 'drifted' | 'stable' | 'too-small';
  /** One sentence without a final period. */
  readonly reason: string;
  readonly columns: readonly ColumnDrift[];
  /** Columns that were judged, and those of them that drifted. */
  readonly judged: number;
  readonly drifted: number;
}

/** Texts of which fewer than half repeat in the reference name rows; they are new in every sample. */
const IDENTIFIER_SHARE = 0.5;

/**
 * Whether current data still looks like the reference. A column drifts when the difference is both large (PSI) and more
 * than chance explains (Kolmogorov-Smirnov for numbers, chi-square for texts and for missing values, adjusted over the
 * columns), so that the verdict does not hang on how many rows there are.
 * @throws InputError when the two sides do not have the same columns, or one of them as another type.
 */
export function judgeDrift({ reference, current, thresholds }: JudgeDriftRequest): DriftVerdict {
  const pairs = pairUp(reference, current);
  const rows = Math.min(...pairs.flatMap(({ before, after }) => [before.length, after.length]));
  const comparisons = pairs.map(({ name, before, after }) => ({
    name,
    comparison: compareNamed(name, before, after),
  }));
  if (rows < thresholds.minRows) {
    const reason = `${rows} rows are too few to judge; ${thresholds.minRows} are asked for`;
    const columns = comparisons.map((each) => notJudged(each, reason));
    return { verdict: 'too-small', reason, columns, judged: 0, drifted: 0 };
  }
  const columns = judgeColumns(comparisons, thresholds);
  const judged = columns.filter(({ p }) => p !== null).length;
  const drifted = columns.filter((column) => column.drifted).length;
  const needed =
    thresholds.share === undefined ? 1 : Math.max(1, Math.ceil(thresholds.share * judged - 1e-9));
  return {
    verdict: drifted >= needed ? 'drifted' : 'stable',
    reason: `${drifted} of ${judged} judged columns drifted; ${needed} make the data drifted`,
    columns,
    judged,
    drifted,
  };
}

function pairUp(reference: readonly NamedColumn[], current: readonly NamedColumn[]) {
  const [before, after] = [reference, current].map((side) => side.map(({ name }) => name));
  const lacking = before!.filter((name) => !after!.includes(name));
  const fresh = after!.filter((name) => !before!.includes(name));
  const faults = [
    ...lacking.map((name) => missingColumn(name, 'current data', 'the reference')),
    ...fresh.map((name) => missingColumn(name, 'reference', 'the current data')),
    ...(before!.length === 0
      ? [
          fault(
            'no-columns',
            'there are no columns to compare',
            undefined,
            'Name at least one column of the data.',
          ),
        ]
      : []),
  ];
  if (faults.length > 0) throw new InputError(faults);
  return reference.map(({ name, values }) => ({
    name,
    before: values,
    after: current.find((column) => column.name === name)!.values,
  }));
}

function missingColumn(name: string, where: string, other: string) {
  return fault(
    'column-missing',
    `the ${where} lacks the column "${name}" that ${other} has`,
    undefined,
    'Watch only columns that both have.',
  );
}

function compareNamed(name: string, before: ColumnValues, after: ColumnValues): ColumnComparison {
  if (before instanceof Float64Array !== after instanceof Float64Array) {
    throw new InputError(
      fault(
        'column-type-differs',
        `the column "${name}" is numbers on one side and texts on the other`,
        undefined,
        'Read the column as the same type in the reference and in the current data.',
      ),
    );
  }
  return compareColumns(before, after);
}

type Compared = Pick<ColumnDrift, 'name' | 'comparison'>;

function judgeColumns(comparisons: readonly Compared[], thresholds: DriftThresholds): ColumnDrift[] {
  const columns = comparisons.map((each) => {
    const reason = whyNotJudged(each.comparison, thresholds.minRows);
    if (reason) return notJudged(each, reason);
    return { ...notJudged(each, ''), p: pOf(each.comparison, thresholds.minRows) };
  });
  const tested = columns.filter(({ p }) => p !== null);
  const adjusted = benjaminiHochberg(tested.map(({ p }) => p!));
  return columns.map((column) => {
    const at = tested.indexOf(column);
    return at < 0 ? column : conclude({ ...column, adjustedP: adjusted[at]! }, thresholds);
  });
}

function conclude(column: ColumnDrift, { psi, alpha }: DriftThresholds): ColumnDrift {
  const isLarge = column.effect >= psi;
  const isSure = column.adjustedP! <= alpha;
  if (isLarge && isSure) return { ...column, drifted: true, reason: whatMoved(column.comparison) };
  if (isLarge) return { ...column, reason: 'large, but chance may explain it' };
  if (isSure) return { ...column, reason: 'more than chance, but small' };
  return { ...column, reason: 'no difference to speak of' };
}

function whatMoved(comparison: ColumnComparison): string {
  const moved: string[] = [];
  const [before, after] = [
    comparison.referenceMissing / comparison.referenceRows,
    comparison.currentMissing / comparison.currentRows,
  ];
  if (Math.abs(after - before) >= 0.05)
    moved.push(`missing values went from ${percent(before)} to ${percent(after)}`);
  if (comparison.kind === 'categorical' && comparison.newShare >= 0.01) {
    moved.push(`${percent(comparison.newShare)} of the values are new categories`);
  }
  if (comparison.kind === 'numeric' && comparison.underflow + comparison.overflow >= 0.01) {
    moved.push(
      `${percent(comparison.underflow + comparison.overflow)} of the values are out of the reference's range`,
    );
  }
  return moved.length > 0 ? moved.join(', ') : 'the distribution moved';
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function whyNotJudged(comparison: ColumnComparison, minRows: number): string | undefined {
  if (comparison.kind === 'categorical') {
    const values = comparison.referenceRows - comparison.referenceMissing;
    if (values >= minRows && comparison.categories > values * IDENTIFIER_SHARE) {
      return 'its values hardly repeat: it names rows';
    }
  }
  return undefined;
}

/** The smaller p-value of values and missing values, twice when both are tested (Bonferroni). */
function pOf(comparison: ColumnComparison, minRows: number): number {
  const { referenceRows, referenceMissing, currentRows, currentMissing, missing } = comparison;
  const values = Math.min(referenceRows - referenceMissing, currentRows - currentMissing);
  const tests = [
    ...(values >= minRows ? [comparison.kind === 'numeric' ? comparison.ksP : comparison.pooled.p] : []),
    ...(referenceMissing + currentMissing > 0 ? [missing.p] : []),
  ];
  return Math.min(1, Math.min(1, ...tests) * Math.max(1, tests.length));
}

function notJudged({ name, comparison }: Compared, reason: string): ColumnDrift {
  return { name, comparison, effect: comparison.psiTotal, p: null, adjustedP: null, drifted: false, reason };
}
