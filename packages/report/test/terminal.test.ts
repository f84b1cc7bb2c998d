import fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import { type Report, renderTerminal } from '../src/index.ts';
import { churnReport, findings, passing } from './sample.ts';

const ESCAPE = '\u001b';

describe('a report on a terminal', () => {
  it('reads as agreed', async () => {
    const text = renderTerminal([passing('train'), churnReport()], { width: 80, color: false });
    await expect(text).toMatchFileSnapshot('./golden/compare.txt');
  });

  it('is the same text with colour and without', () => {
    const plain = renderTerminal([churnReport()], { width: 80, color: false });
    const colored = renderTerminal([churnReport()], { width: 80, color: true });
    expect(plain).not.toContain(ESCAPE);
    expect(colored).toContain(ESCAPE);
    expect(colored.replaceAll(new RegExp(`${ESCAPE}\\[\\d+m`, 'g'), '')).toBe(plain);
  });

  it('aligns columns that hold wide characters', () => {
    const report = withTable(
      ['name', 'rows'],
      [
        ['模型一', '12'],
        ['👩‍🔬 lab', '3'],
        ['plain', '456'],
      ],
    );
    const lines = renderTerminal([report], { width: 60, color: false })
      .split('\n')
      .filter((line) => /\d$/.test(line));
    expect(new Set(lines.map((line) => stringWidth(line))).size).toBe(1);
  });

  it('shows escapes of users as pictures', () => {
    const report = withTable(['name'], [[`${ESCAPE}]0;owned\u0007`]]);
    report.sections[0]!.blocks.push({ kind: 'code', text: `a${ESCAPE}[2Jb\r\u009bc` });
    const text = renderTerminal([report], { width: 60, color: false });
    expect(text).toContain('a␛[2Jb');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these must not be there.
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  });

  it('counts what it does not show', () => {
    const report = { ...passing('x'), findings: findings(10_000) };
    const text = renderTerminal([report], { width: 80, color: false, maxRows: 25 });
    expect(text).toContain('and 9,975 more');
    expect(text.split('\n').length).toBeLessThan(40);
  });

  it('writes code whole, for it is there to be copied', () => {
    const report = withTable(['name'], [['a']]);
    const line = `SELECT ${'column, '.repeat(30)}1`;
    report.sections[0]!.blocks.push({ kind: 'code', text: line });
    expect(renderTerminal([report], { width: 60, color: false })).toContain(line);
  });

  it('never writes a line wider than the terminal, but for code', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.string({ unit: 'grapheme' }),
        fc.integer({ min: 20, max: 200 }),
        (one, two, width) => {
          const report = withTable([one, two, one, two, one, two], [[one, two, two, one, two, one]]);
          report.sections[0]!.blocks.push(
            { kind: 'paragraph', text: `${one} ${two}` },
            { kind: 'details', summary: two, blocks: [{ kind: 'list', items: [one, two] }] },
          );
          const full: Report = {
            ...report,
            subject: one.slice(0, 200),
            verdict: { status: 'warn', sentence: two },
            findings: findings(1),
          };
          for (const line of renderTerminal([full], { width, color: false }).split('\n')) {
            expect(stringWidth(line)).toBeLessThanOrEqual(width);
          }
        },
      ),
      { numRuns: 50 },
    );
  });
});

function withTable(titles: string[], rows: string[][]): Report {
  const columns = titles.map((title, index) => ({
    title,
    align: index === 0 ? ('left' as const) : ('right' as const),
  }));
  return {
    ...passing('x'),
    sections: [{ id: 'part', title: 'Part', importance: 50, blocks: [{ kind: 'table', columns, rows }] }],
  };
}
