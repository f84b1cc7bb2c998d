import { isRastroError } from '@rastro/fault';
import { describe, expect, it } from 'vitest';
import { annotations, type Block, parseReport, renderJson, worstStatus } from '../src/index.ts';
import { churnReport, findings, passing } from './sample.ts';

describe('a report as JSON', () => {
  it('comes back as it went', () => {
    expect(parseReport(renderJson(churnReport()), 'report.json')).toEqual(churnReport());
  });

  it('is refused when it is not JSON, not a report, too large or too deep, each by name', () => {
    expect(codeOf('{')).toBe('report-not-json');
    expect(codeOf('[]')).toBe('invalid-report');
    expect(codeOf(JSON.stringify({ ...passing('x'), pullRequest: 7 }))).toBe('invalid-report');
    expect(codeOf(`"${'x'.repeat(17_000_000)}"`)).toBe('report-too-large');
    expect(codeOf('['.repeat(1_000_000))).toBe('report-too-deep');
    expect(codeOf(JSON.stringify(nested(30)))).toBe('report-too-deep');
  });

  it('takes brackets in a text for what they are', () => {
    const report = {
      ...passing('x'),
      verdict: { status: 'pass' as const, sentence: '\\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[' },
    };
    expect(parseReport(renderJson(report), 'report.json')).toEqual(report);
  });

  it('takes details within details, as far as a reader would follow', () => {
    expect(parseReport(JSON.stringify(nested(8)), 'report.json').sections).toHaveLength(1);
  });

  it('may not carry a link that is not of the web', () => {
    const text = renderJson(churnReport()).replaceAll(
      'https://example.org/commit/a1b2c3d',
      'javascript:alert(1)',
    );
    expect(codeOf(text)).toBe('invalid-report');
  });

  it('tells what is wrong on one line, whatever a key holds', () => {
    const text = JSON.stringify({ ...passing('x'), 'a\u001b[2J\nb': 1 });
    expect(() => parseReport(text, 'report.json')).toThrow(/^[ -~]*$/);
  });
});

describe('annotations', () => {
  it('are ten errors and ten warnings at most, and say how many were left out', () => {
    const report = {
      ...passing('x'),
      findings: [...findings(30, 'notice'), ...findings(12, 'warning'), ...findings(500, 'error')],
    };
    const shown = annotations(report);
    const count = (severity: string) => shown.filter((finding) => finding.severity === severity).length;
    expect([count('error'), count('warning'), count('notice')]).toEqual([10, 10, 10]);
    expect(shown[0]).toMatchObject({ severity: 'error', title: 'Fault 1' });
    expect(shown.at(-1)).toEqual({
      severity: 'notice',
      title: '513 more findings',
      message: '29 of 542 findings are shown here; the report has the rest.',
    });
  });

  it('show something of every rule before they show more of one, and leave room for the verdict', () => {
    const of = (title: string, times: number) =>
      findings(times, 'error').map((finding) => ({ ...finding, title }));
    const shown = annotations(
      { ...passing('x'), findings: [...of('a', 20), ...of('b', 2), ...of('c', 20)] },
      { reserved: 1 },
    );
    const errors = shown.filter(({ severity }) => severity === 'error').map(({ title }) => title);
    expect(errors).toEqual(['a', 'b', 'c', 'a', 'b', 'c', 'a', 'c', 'a']);
  });

  it('are the findings themselves when they are few', () => {
    expect(annotations(churnReport()).map(({ title }) => title)).toEqual(['Accuracy', 'Slow']);
  });
});

describe('the status of several reports', () => {
  it('is the worst, and says nothing when there are none', () => {
    const as = (status: 'pass' | 'warn' | 'info') => ({ ...passing('x'), verdict: { status, sentence: '' } });
    expect(worstStatus([passing('a'), churnReport()])).toBe('fail');
    expect(worstStatus([as('info'), as('warn'), as('pass')])).toBe('warn');
    expect(worstStatus([as('info'), as('pass')])).toBe('pass');
    expect(worstStatus([])).toBe('info');
  });
});

function codeOf(text: string): string | undefined {
  try {
    parseReport(text, 'report.json');
    return undefined;
  } catch (error) {
    return isRastroError(error) ? error.faults[0].code : `not one of ours: ${error}`;
  }
}

function nested(depth: number) {
  let block: Block = { kind: 'paragraph', text: 'deep' };
  for (let level = 0; level < depth; level++) block = { kind: 'details', summary: 'more', blocks: [block] };
  return { ...passing('x'), sections: [{ id: 'part', title: 'Part', importance: 50, blocks: [block] }] };
}
