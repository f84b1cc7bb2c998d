import { describe, expect, it } from 'vitest';
import { COMMENT_BUDGET, confusionTable, renderMarkdown } from '../src/index.ts';
import { passing } from './sample.ts';

describe('a confusion matrix', () => {
  it('is a table of counts, shares and shades', () => {
    const counts = [
      [90, 10],
      [40, 60],
    ];
    const section = {
      id: 'confusion',
      title: 'Confusion',
      importance: 50,
      blocks: [confusionTable({ classes: ['no', 'yes'], counts })],
    };
    const markdown = renderMarkdown([{ ...passing('x'), sections: [section] }], { budget: COMMENT_BUDGET });
    expect(markdown).toContain(
      [
        '| True \\\\ predicted | no | yes |',
        '| :--- | ---: | ---: |',
        '| **no** | **90 (90%)** █ | 10 (10%) ░ |',
        '| **yes** | 40 (40%) ▒ | **60 (60%)** ▓ |',
      ].join('\n'),
    );
  });

  it('shows the twelve largest classes in their order and counts the others', () => {
    const classes = Array.from({ length: 40 }, (_, index) => `class-${index}`);
    const counts = classes.map((_, row) => classes.map((_, column) => (row === column ? row : 0)));
    const table = confusionTable({ classes, counts });
    if (table.kind !== 'table') throw new TypeError('not a table');
    expect(table.columns.slice(1).map(({ title }) => title)).toEqual(classes.slice(28));
    expect(table.more).toBe(28);
  });

  it('takes a class without rows, and refuses counts that are not square', () => {
    expect(confusionTable({ classes: ['a'], counts: [[0]] })).toMatchObject({
      rows: [[[{ strong: 'a' }], [{ strong: '0 (0%)' }, '']]],
    });
    expect(() => confusionTable({ classes: ['a', 'b'], counts: [[1, 2]] })).toThrow(RangeError);
  });
});
