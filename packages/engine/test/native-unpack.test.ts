import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { type Headers, pack } from 'tar-stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { unpack } from '../src/native/unpack.ts';

let temporary: string;

beforeEach(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'rastro-unpack-'));
});
afterEach(() => rm(temporary, { recursive: true, force: true }));

test('files are unpacked below the folder, without the top folder of the archive', async () => {
  await unpackEntries([
    { name: 'package/', type: 'directory' },
    { name: 'package/package.json' },
    { name: 'package/bin/linux/x64/a.so' },
  ]);
  expect(await readFile(join(temporary, 'target/bin/linux/x64/a.so'), 'utf8')).toBe('content');
});

test.each<[string, Headers[]]>([
  ['a path with ..', [{ name: 'package/../../escaped' }]],
  ['a path of .. alone', [{ name: '..' }]],
  ['an absolute path', [{ name: '/tmp/escaped' }]],
  ['a Windows path', [{ name: 'package/C:\\escaped' }]],
  ['a symbolic link', [{ name: 'package/link', type: 'symlink', linkname: '/etc/passwd' }]],
  ['a hard link', [{ name: 'package/link', type: 'link', linkname: 'package/package.json' }]],
  ['a device', [{ name: 'package/device', type: 'character-device' }]],
  ['the same file twice', [{ name: 'package/a' }, { name: 'package/a' }]],
  ['a folder in the place of a file', [{ name: 'package/a' }, { name: 'package/a', type: 'directory' }]],
])('%s is refused, and nothing lands outside', async (_, entries) => {
  await expect(unpackEntries(entries)).rejects.toMatchObject({ code: 'native-archive-unsafe' });
  expect((await readdir(temporary)).filter((name) => !['archive.tgz', 'target'].includes(name))).toEqual([]);
});

test('an archive that is cut off is an error, not a shorter package', async () => {
  const whole = await archiveOf([{ name: 'package/a' }, { name: 'package/b' }]);
  const cut = join(temporary, 'archive.tgz');
  await writeFile(cut, whole.subarray(0, whole.length - 20));
  await expect(unpack(cut, join(temporary, 'target'))).rejects.toThrow();
});

async function unpackEntries(entries: Headers[]): Promise<void> {
  const archive = join(temporary, 'archive.tgz');
  await writeFile(archive, await archiveOf(entries));
  await unpack(archive, join(temporary, 'target'));
}

async function archiveOf(entries: Headers[]): Promise<Buffer> {
  const tar = pack();
  for (const header of entries) {
    if ((header.type ?? 'file') === 'file') tar.entry(header, 'content');
    else tar.entry({ ...header, size: 0 });
  }
  tar.finalize();
  return gzipSync(await buffer(tar));
}
