import { showNumber } from './figures.ts';
import type { Block, Text } from './model.ts';

const MAX_CLASSES = 12;
const SHADES = ['', '░', '▒', '▓', '█'] as const;

/**
 * A confusion matrix as a table: one row per true class, one column per predicted class. `counts[t][p]` is how many rows of true class
 * `t` were predicted as `p`. Each cell tells the count, its share of the row, and a shade for a glance; hits are strong.
 * Of more than 12 classes only the 12 with the most rows are shown.
 *
 * @throws RangeError when `counts` is not square in the classes.
 */
export function confusionTable(matrix: {
  readonly classes: readonly string[];
  readonly counts: readonly (readonly number[])[];
}): Block {
  const { classes, counts } = matrix;
  if (counts.length !== classes.length || counts.some((row) => row.length !== classes.length)) {
    throw new RangeError(`${classes.length} classes need as many rows and columns of counts`);
  }
  const totals = counts.map((row) => row.reduce((sum, count) => sum + count, 0));
  const shown = classes
    .map((_, index) => index)
    .sort((a, b) => totals[b]! - totals[a]! || a - b)
    .slice(0, MAX_CLASSES)
    .sort((a, b) => a - b);
  return {
    kind: 'table',
    columns: [
      { title: 'True \\ predicted' },
      ...shown.map((index) => ({ title: classes[index]!, align: 'right' as const })),
    ],
    rows: shown.map((actual) => [
      [{ strong: classes[actual]! }],
      ...shown.map((predicted) => cell(counts[actual]![predicted]!, totals[actual]!, actual === predicted)),
    ]),
    ...(shown.length < classes.length ? { more: classes.length - shown.length } : {}),
  };
}

function cell(count: number, total: number, isHit: boolean): Text {
  const share = total === 0 ? 0 : count / total;
  const shade = SHADES[Math.ceil(share * (SHADES.length - 1))];
  const words = `${showNumber(count)} (${Math.round(share * 100)}%)`;
  return [isHit ? { strong: words } : words, shade ? ` ${shade}` : ''];
}
