import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { COMMENT_BUDGET, foldVerdict, marker, type Report, renderComment, showsLater } from '../src/index.ts';
import { nodesOf, parseGfm } from './gfm.ts';
import { churnReport, findings, passing } from './sample.ts';

describe('the hidden marker', () => {
  it('is one HTML comment whatever the key, and no two keys share one', () => {
    fc.assert(
      fc.property(key(), key(), (one, two) => {
        expect(marker(one)).toMatch(/^<!-- rastro:[\w.%-]+ -->$/);
        expect(marker(one).slice(4, -3)).not.toContain('--');
        expect(marker(one) === marker(two)).toBe(one === two);
      }),
    );
  });

  it('reads as its key when the key is plain', () => {
    expect(marker('churn')).toBe('<!-- rastro:churn -->');
  });

  it('refuses a key that is empty or too long', () => {
    expect(() => marker('')).toThrow('1 to 250 characters');
    expect(() => marker('x'.repeat(251))).toThrow('1 to 250 characters');
  });
});

describe('the comment of a key', () => {
  it('starts with the marker and bears it once, even when a report quotes it', () => {
    const report = { ...churnReport(), subject: `see ${marker('pr')}` };
    report.sections[0]!.blocks.push({ kind: 'code', text: marker('pr') });
    const body = renderComment({ key: 'pr', reports: [report] });
    expect(body.startsWith(`${marker('pr')}\n`)).toBe(true);
    expect(body.split(marker('pr'))).toHaveLength(2);
  });

  it('is the same again for the same reports and revision', () => {
    const first = renderComment({ key: 'pr', reports: [passing('churn')], revision: '1111111' });
    const second = renderComment({
      key: 'pr',
      reports: [churnReport()],
      revision: '2222222',
      previous: first,
    });
    const again = renderComment({
      key: 'pr',
      reports: [churnReport()],
      revision: '2222222',
      previous: second,
    });
    expect(again).toBe(second);
  });

  it('folds older verdicts away, newest first, ten at most', () => {
    let body: string | undefined;
    for (let run = 1; run <= 14; run++) {
      body = renderComment({
        key: 'pr',
        reports: [verdict(`Run ${run} is done.`)],
        revision: `r${run}`,
        previous: body,
      });
    }
    expect(body).toContain('## ✅ Run 14 is done');
    expect(body).toContain('<summary>10 earlier verdicts</summary>');
    const rows = [...body!.matchAll(/\| `r(\d+)` \|/g)].map((match) => match[1]);
    expect(rows).toEqual(['13', '12', '11', '10', '9', '8', '7', '6', '5', '4']);
  });

  it('keeps its history when the end of the body was cut off or edited', () => {
    const first = renderComment({ key: 'pr', reports: [passing('churn')], revision: '1111111' });
    const edited = `${first.slice(0, first.indexOf('##'))}someone wrote here`.replaceAll('\n', '\r\n');
    const next = renderComment({
      key: 'pr',
      reports: [churnReport()],
      revision: '2222222',
      previous: edited,
    });
    expect(next).toContain('| ✅ Pass | `1111111` | The data keep their contract. |');
  });

  it('starts anew when its memory is gone or is not what it wrote', () => {
    const anew = renderComment({ key: 'pr', reports: [churnReport()] });
    const forged = btoa(JSON.stringify([{ status: 'great', sentence: 'x', revision: '' }]));
    for (const previous of [
      '',
      '<!-- rastro-history:!!! -->',
      '<!-- rastro-history:AAAA -->',
      `<!-- rastro-history:${forged} -->`,
    ]) {
      expect(renderComment({ key: 'pr', reports: [churnReport()], previous })).toBe(anew);
    }
  });

  it('is well-formed, whatever stood there before', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 0, max: 5000 }), (text, cut) => {
        const report = { ...churnReport(), findings: findings(200), subject: text.slice(0, 200) };
        const older = renderComment({ key: 'pr', reports: [verdict(text)], revision: text });
        const previous = `${older.slice(0, cut)}${text}${older.slice(cut)}`;
        const body = renderComment({ key: 'pr', reports: [report, passing('b')], previous });
        expect(body.length).toBeLessThanOrEqual(COMMENT_BUDGET.limit);
        const root = parseGfm(`${body}\n\nafter-the-end`);
        expect(root.children.at(-1)).toMatchObject({ type: 'paragraph' });
        expect(nodesOf(root, 'link')).toEqual([
          expect.objectContaining({ url: 'https://example.org/commit/a1b2c3d' }),
        ]);
      }),
      { numRuns: 25 },
    );
  });
});

function verdict(sentence: string): Report {
  return { ...passing('churn'), verdict: { status: 'pass', sentence } };
}

function key(): fc.Arbitrary<string> {
  const piece = fc.oneof(
    fc.constantFrom('-', '--', '>', '-->', ' ', '/', '%2D', "'", 'a'),
    fc.string({ unit: 'grapheme' }),
  );
  return fc
    .array(piece, { minLength: 1, maxLength: 5 })
    .map((pieces) => pieces.join('').slice(0, 100).toWellFormed())
    .filter((text) => text !== '');
}

describe('a verdict that comes late', () => {
  const shown = (revision: string, run?: number) =>
    renderComment({ key: 'pr', reports: [passing('churn')], revision, run });

  it.each([
    { isHead: true, run: 1, later: false, why: 'it is the head of the pull request' },
    { isHead: false, run: 1, later: true, why: 'started before the one that is shown' },
    { isHead: false, run: 9, later: false, why: 'behind the head, but started after the one that is shown' },
    { isHead: false, run: 5, later: true, why: 'behind the head, by the same run' },
    { isHead: false, run: undefined, later: true, why: 'behind the head, and no more is known' },
    { isHead: undefined, run: 1, later: true, why: 'where the head is not known, started before' },
    { isHead: undefined, run: 9, later: false, why: 'where the head is not known, started after' },
    { isHead: undefined, run: undefined, later: false, why: 'where nothing is known' },
  ])('gives way to what is shown ($later): $why', ({ isHead, run, later }) => {
    expect(showsLater(shown('bbb', 5), { revision: 'aaa', run, isHead })).toBe(later);
    expect(showsLater(shown('aaa', 5), { revision: 'aaa', run, isHead }), 'of the same commit').toBe(false);
  });

  it('is put into the history of a body that a forge gives back, and leaves the rest as it is', () => {
    const first = renderComment({ key: 'pr', reports: [verdict('First.')], revision: 'a', run: 1 });
    const body = renderComment({
      key: 'pr',
      reports: [churnReport()],
      revision: 'c',
      run: 3,
      previous: first,
    });
    const late = { key: 'pr', reports: [verdict('Late.')], revision: 'b', run: 2 };
    for (const given of [body, body.trimEnd().replaceAll('\n', '\r\n')]) {
      const folded = foldVerdict(given, late);
      expect(folded).toBe(
        renderComment({
          key: 'pr',
          reports: [churnReport()],
          revision: 'c',
          run: 3,
          previous: renderComment({ ...late, previous: first }),
        }),
      );
      expect(foldVerdict(folded, late)).toBe(folded);
    }
    expect(foldVerdict(`${body}\nedited`, late)).toBe(`${body}\nedited`);
    expect(foldVerdict('not ours', late)).toBe('not ours');
  });

  it('drops the oldest where the body has no room for more', () => {
    let body = renderComment({ key: 'pr', reports: [verdict('First.')], revision: 'first', run: 1 });
    const late = { key: 'pr', reports: [verdict('Late.')], revision: 'b', run: 2 };
    body = renderComment({ key: 'pr', reports: [churnReport()], revision: 'c', run: 3, previous: body });
    const folded = foldVerdict(body, { ...late, budget: { ...COMMENT_BUDGET, limit: body.length + 20 } });
    expect(folded.length).toBeLessThanOrEqual(body.length + 20);
    expect(folded).toContain('Late.');
    expect(folded).not.toContain('First.');
  });
});
