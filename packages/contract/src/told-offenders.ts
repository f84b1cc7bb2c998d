import type { Offender, RuleResult } from './check-result.ts';
import { hasNew } from './verdict.ts';

/** Places that are listed in one finding. */
const MOST_PLACES = 10;

/**
 * What is told of a broken rule, place by place. That more values are missing than may be is one thing to tell, at the first of them:
 * how many, which share, and where.
 */
export function toldOffenders(rule: RuleResult): readonly Offender[] {
  const [first] = rule.offenders;
  if (rule.kind !== 'nulls' || !first) return rule.offenders;
  const { file, line, row, column } = first;
  return [
    {
      file,
      ...(line === undefined ? {} : { line }),
      ...(row === undefined ? {} : { row }),
      ...(column === undefined ? {} : { column }),
      note: `${rule.count.toLocaleString('en-US')} missing, which is ${percent(rule.share)}: ${placesOf(rule, first)}`,
      ...(rule.known === undefined ? {} : { known: !hasNew(rule) }),
    },
  ];
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`;
}

/** `lines 2, 3 and 5`, of the first file; the others are counted. */
function placesOf({ count, offenders }: RuleResult, first: Offender): string {
  const numbers = offenders
    .filter(({ file }) => file === first.file)
    .slice(0, MOST_PLACES)
    .flatMap(({ line, row }) => line ?? row ?? []);
  const rest = count - numbers.length;
  const listed = [...numbers, ...(rest > 0 ? [`${rest.toLocaleString('en-US')} more`] : [])];
  const noun = `${first.line === undefined ? 'row' : 'line'}${numbers.length === 1 ? '' : 's'}`;
  return `${noun} ${listed.join(', ').replace(/, (?=[^,]* more$|\d+$)/, ' and ')}`;
}
