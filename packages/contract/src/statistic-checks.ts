import type { Document } from '@rastro/document';
import type { Check } from './check-plan.ts';
import type { Contract, ContractField } from './schema.ts';
import * as sql from './sql.ts';

/** What a field promises of all its values together, as checks. */
export function statisticChecks(document: Document<Contract>, field: ContractField, index: number): Check[] {
  const { statistics } = field;
  if (!statistics) return [];
  const v = `_v${index}`;
  const check = (part: string, key: readonly PropertyKey[], measure: string, bounds: Bounds): Check => ({
    id: `${field.name}.${part}`,
    kind: 'statistic',
    needs: [index],
    expected: `${part} ${boundsWords(bounds)}`,
    severity: field.severity,
    place: document.placeOf(['fields', index, 'statistics', ...key]),
    ask: { how: 'measure', measure, minimum: bounds.minimum, maximum: bounds.maximum },
  });
  const { mean, std, sum, distinct, quantiles = [] } = statistics;
  return [
    ...(mean ? [check('mean', ['mean'], `avg(${v})`, mean)] : []),
    ...(std ? [check('std', ['std'], `stddev_samp(${v})`, std)] : []),
    ...(sum ? [check('sum', ['sum'], `sum(${v}::DOUBLE)`, sum)] : []),
    ...(distinct ? [check('distinct', ['distinct'], `count(DISTINCT ${v})`, distinct)] : []),
    ...quantiles.map((quantile, position) =>
      check(
        `quantile-${quantile.at}`,
        ['quantiles', position],
        `quantile_cont(${v}, ${sql.double(quantile.at)})`,
        quantile,
      ),
    ),
  ];
}

export interface Bounds {
  readonly minimum?: number | undefined;
  readonly maximum?: number | undefined;
}

/** `at least 1 row`: bounds of a count, and what is counted in the number of the last of them. */
export function countWords({ minimum, maximum }: Bounds, noun: string): string {
  return `${boundsWords({ minimum, maximum })} ${noun}${(maximum ?? minimum) === 1 ? '' : 's'}`;
}

export function boundsWords({ minimum, maximum }: Bounds): string {
  return [
    minimum === undefined ? [] : [`at least ${minimum}`],
    maximum === undefined ? [] : [`at most ${maximum}`],
  ]
    .flat()
    .join(' and ');
}
