import type { CompareResult, Comparison, MetricVerdict } from '@rastro/metrics';
import type { Block, Section, Text } from '@rastro/report';
import { change, count, decimalsOf, table } from './report.ts';

/** A sign and words for each verdict: never a colour alone. */
export const VERDICT: Readonly<Record<MetricVerdict, string>> = {
  improved: '✅ improved',
  inconclusive: '➖ inconclusive',
  regressed: '❌ regressed',
  missing: '❌ missing',
  breach: '❌ below what is asked',
  'no-baseline': '➖ nothing to compare with',
};

/** What one slice did, metric by metric. */
interface SliceRow {
  readonly name: string;
  readonly byMetric: ReadonlyMap<string, Comparison>;
}

const MOST_SLICES = 20;
/** So many columns of numbers are read at a glance; more metrics go into tables of their own. */
const MOST_METRICS = 4;

/** The slices that regressed or improved, a row each; undefined when none did. */
export function slicesSection({ slices, hiddenRegressions }: CompareResult): Section | undefined {
  const rows = rowsOf(slices).filter(({ byMetric }) => [...byMetric.values()].some(hasMoved));
  if (rows.length === 0) return undefined;
  const bad = rows.filter(({ byMetric }) => [...byMetric.values()].some(isBad));
  const good = rows.filter((row) => !bad.includes(row));
  const worse = bad.length > 0 ? [`${bad.length} regressed`] : [];
  const better = good.length > 0 ? [`${good.length} improved`] : [];
  const hidden = rowsOf(hiddenRegressions).length;
  return {
    id: 'slices',
    title: `Slices: ${[...worse, ...better].join(', ')}`,
    // Of slices that only improved nobody needs to know first.
    importance: bad.length > 0 ? 75 : 55,
    blocks: [
      ...(hidden > 0
        ? [paragraph(`${count(hidden, 'slice')} regressed in a metric whose total did not.`)]
        : []),
      ...tablesOf(bad),
      ...(bad.length > 0 && good.length > 0
        ? [{ kind: 'details' as const, summary: `${good.length} improved`, blocks: tablesOf(good) }]
        : tablesOf(good)),
      paragraph('❌ regressed, ✅ improved, ➖ neither for certain.'),
    ],
  };
}

function rowsOf(slices: readonly Comparison[]): SliceRow[] {
  const groups = Map.groupBy(slices, ({ slice }) => `${slice!.column} = ${slice!.value}`);
  return [...groups].map(([name, comparisons]) => ({
    name,
    byMetric: new Map(comparisons.map((each) => [each.metric, each])),
  }));
}

function hasMoved({ verdict }: Comparison): boolean {
  return verdict !== 'inconclusive' && verdict !== 'no-baseline';
}

function isBad(comparison: Comparison): boolean {
  return hasMoved(comparison) && comparison.verdict !== 'improved';
}

/** One table for each few metrics that moved, with the slices that moved in them. */
function tablesOf(rows: readonly SliceRow[]): Block[] {
  const moved = new Set(
    rows.flatMap(({ byMetric }) =>
      [...byMetric].filter(([, each]) => hasMoved(each)).map(([metric]) => metric),
    ),
  );
  const metrics = [...moved];
  return metrics.flatMap((_, index) =>
    index % MOST_METRICS === 0 ? [tableOf(rows, metrics.slice(index, index + MOST_METRICS))] : [],
  );
}

function tableOf(rows: readonly SliceRow[], metrics: readonly string[]): Block {
  const concerned = rows.filter(({ byMetric }) =>
    metrics.some((metric) => {
      const comparison = byMetric.get(metric);
      return comparison !== undefined && hasMoved(comparison);
    }),
  );
  const shown = concerned.slice(0, MOST_SLICES);
  const decimals = metrics.map((metric) => mostDecimals(shown.map(({ byMetric }) => byMetric.get(metric))));
  return table(
    ['Slice', ...metrics.map((metric) => [metric, 'right'] as const)],
    shown.map(({ name, byMetric }): Text[] => [
      [{ strong: name }],
      ...metrics.map((metric, index) => cellOf(byMetric.get(metric), decimals[index])),
    ]),
    concerned.length - shown.length,
  );
}

/** The numbers of a column are read against each other, so they have the same decimals. */
function mostDecimals(comparisons: readonly (Comparison | undefined)[]): number | undefined {
  const decimals = comparisons.flatMap((each) => {
    const own = each && decimalsOf(each.baseline, each.candidate, each.delta);
    // A change of nothing has all the decimals that there are, and tells nothing by them.
    return own === undefined || each?.delta === 0 ? [] : [own];
  });
  return decimals.length > 0 ? Math.min(6, Math.max(...decimals)) : undefined;
}

function cellOf(comparison: Comparison | undefined, decimals: number | undefined): string {
  if (!comparison) return '–';
  const { verdict, baseline, candidate, delta } = comparison;
  const { before, after } = change(baseline, candidate, delta, undefined, decimals);
  const course = `${before} → ${after}`;
  switch (verdict) {
    case 'improved':
      return `✅ ${course}`;
    case 'regressed':
      return `❌ ${course}`;
    case 'missing':
    case 'breach':
      return `${VERDICT[verdict]} ${course}`;
    case 'inconclusive':
    case 'no-baseline':
      return `➖ ${course}`;
  }
}

function paragraph(text: string): Block {
  return { kind: 'paragraph', text };
}
