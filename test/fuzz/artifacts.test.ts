import {
  COMMENT_BUDGET,
  parseReport,
  Report,
  renderComment,
  renderHtml,
  renderJson,
  renderMarkdown,
  renderTerminal,
  SUMMARY_BUDGET,
} from '@rastro/report';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readTextArchive } from '../../packages/host/src/text-archive.ts';
import { zip } from '../../packages/host/test/zip.ts';
import { readOrRefuse, readOrRefuseLater } from './answers.ts';
import { bent, damaged, hostileText } from './hostile.ts';
import { runs } from './settings.ts';
import { valid } from './valid.ts';

describe('the archive of an artifact', () => {
  const entry = fc.record({
    name: fc.oneof(
      hostileText,
      fc.constantFrom('reports/0.json', 'reports/1.json', 'Reports/0.json', 'reports/'),
    ),
    content: fc.oneof(hostileText, fc.constant('x'.repeat(100_000))),
    mode: fc.constantFrom(0o100644, 0o100755, 0o040755, 0o120777, 0o060644, 0o010644, 0),
    claimedSize: fc.option(fc.nat(200_000), { nil: undefined }),
  });
  const archive = fc.array(entry, { maxLength: 5 }).map((entries) =>
    zip(
      entries.map(({ claimedSize, ...one }) => ({
        ...one,
        ...(claimedSize === undefined ? {} : { claimedSize }),
      })),
    ),
  );

  const holds = async (bytes: Uint8Array) => {
    const answer = await readOrRefuseLater(() => readTextArchive(Buffer.from(bytes), 'rastro'));
    if (!('value' in answer)) return;
    const names = answer.value.map(({ name }) => name);
    expect(new Set(names.map((name) => name.normalize('NFC').toLowerCase())).size).toBe(names.length);
    for (const name of names) {
      expect(name).not.toMatch(/^[/\\]|^[a-zA-Z]:|\\|\0/);
      expect(name.split('/')).not.toContain('..');
    }
  };

  test('of any names, modes and sizes is read as files that stay where they are put, or refused', async () => {
    await fc.assert(fc.asyncProperty(archive, holds), runs(300));
  });

  test('that was damaged is read as such files, or refused', async () => {
    await fc.assert(fc.asyncProperty(damaged(archive), holds), runs(300));
  });
});

describe('a report', () => {
  const report = valid(Report) as fc.Arbitrary<Report>;
  const bytes = report.map((one) => Buffer.from(JSON.stringify(one)));

  test('is read back as it was written', () => {
    fc.assert(
      fc.property(report, (one) => {
        expect(parseReport(renderJson(one), 'x.json')).toEqual(one);
      }),
      runs(200),
    );
  });

  test('that was bent or damaged is read or refused, and never takes long to say', () => {
    const texts = fc.oneof(
      bent(report).map((one) => JSON.stringify(one)),
      damaged(bytes).map((one) => new TextDecoder().decode(one)),
      hostileText,
    );
    fc.assert(
      fc.property(texts, (text) => {
        const answer = readOrRefuse(() => parseReport(text, 'x.json'));
        if ('refused' in answer)
          for (const { place, message } of answer.refused.faults) {
            expect(place).toEqual({ file: 'x.json' });
            expect(message.length).toBeLessThanOrEqual(400);
          }
      }),
      runs(500),
    );
  });

  test('of a stranger speaks for nobody: no marker of ours, no command, no script, inside its budget', () => {
    fc.assert(
      fc.property(fc.array(report, { minLength: 1, maxLength: 3 }), (reports) => {
        const comment = renderComment({ key: 'rastro', reports });
        expect(comment.split('<!-- rastro:rastro -->')).toHaveLength(2);
        expect(comment.length).toBeLessThanOrEqual(COMMENT_BUDGET.limit);
        const summary = renderMarkdown(reports, { budget: SUMMARY_BUDGET });
        expect(Buffer.byteLength(summary)).toBeLessThanOrEqual(SUMMARY_BUDGET.limit);
        const terminal = renderTerminal(reports, { width: 80, color: false });
        // biome-ignore lint/suspicious/noControlCharactersInRegex: what a terminal would obey
        expect(terminal).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
        const html = renderHtml(reports, { title: 'x', generatedFrom: 'x' });
        expect(html).not.toContain('<script>alert(1)</script>');
      }),
      runs(60),
    );
  });
});
