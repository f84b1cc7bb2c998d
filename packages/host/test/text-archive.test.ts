import { expect, test } from 'vitest';
import { readTextArchive } from '../src/text-archive.ts';
import { zip } from './zip.ts';

const report = { name: 'reports/0000.json', content: '{"a":1}' };

test('reads the files of an honest archive', async () => {
  const archive = zip([
    { name: 'reports/', content: '', mode: 0o040755 },
    report,
    { name: 'é.txt', content: 'ü' },
  ]);
  expect(await readTextArchive(archive, 'rastro-rastro')).toEqual([
    { name: 'reports/0000.json', text: '{"a":1}' },
    { name: 'é.txt', text: 'ü' },
  ]);
});

test.each([
  ['a name that climbs out', [{ name: '../../etc/cron.d/x', content: 'x' }], /invalid relative path/],
  [
    'a name that climbs out in the middle',
    [{ name: 'reports/../../x', content: 'x' }],
    /invalid relative path/,
  ],
  ['an absolute name', [{ name: '/etc/passwd', content: 'x' }], /absolute path/],
  ['a drive', [{ name: 'C:/x', content: 'x' }], /absolute path/],
  ['a backslash', [{ name: '..\\x', content: 'x' }], /invalid characters in fileName/],
  ['a symbolic link', [{ name: 'reports/0000.json', content: '/etc/passwd', mode: 0o120777 }], /is a link/],
  ['a device', [{ name: 'reports/0000.json', content: '', mode: 0o060644 }], /special file/],
  ['a name that is there twice', [report, report], /is there twice/],
  ['names that differ in case only', [report, { ...report, name: 'Reports/0000.json' }], /is there twice/],
  [
    'a bomb that says how large it is',
    [{ name: 'reports/0000.json', content: Buffer.alloc(17 * 1024 * 1024) }],
    /too large/,
  ],
  [
    'a bomb that says that it is small',
    [{ name: 'reports/0000.json', content: Buffer.alloc(1024 * 1024), claimedSize: 10 }],
    /too many bytes/,
  ],
  [
    'many files that are too large together',
    Array.from({ length: 6 }, (_, index) => ({
      name: `reports/${index}.json`,
      content: Buffer.alloc(12 * 1024 * 1024),
    })),
    /too large/,
  ],
  [
    'more files than reports',
    Array.from({ length: 2001 }, (_, index) => ({ name: `reports/${index}.json`, content: '' })),
    /more than 2000 files/,
  ],
])('extraction of an artifact refuses %s, before anything is written', async (_, entries, why) => {
  await expect(readTextArchive(zip(entries), 'rastro-rastro')).rejects.toThrow(why);
});

test.each([
  ['nothing', Buffer.alloc(0)],
  ['text', Buffer.from('hello')],
  ['half an archive', zip([report]).subarray(0, 60)],
])('extraction of an artifact refuses %s in place of an archive', async (_, bytes) => {
  await expect(readTextArchive(bytes, 'rastro-rastro')).rejects.toThrow(
    'the artifact rastro-rastro is refused',
  );
});
