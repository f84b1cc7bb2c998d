import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { OutsideError } from '@rastro/fault';
import { extract, type Headers } from 'tar-stream';

/**
 * Unpacks an npm archive's regular files into `folder`, without the archive's own top folder.
 * @param only files and folders to take; everything when left out
 * @throws OutsideError `native-archive-unsafe` for an entry that is a link or a device, comes twice, or would land outside
 */
export async function unpack(archive: string, folder: string, only?: readonly string[]): Promise<void> {
  const entries = extract();
  const done = pipeline(createReadStream(archive), createGunzip(), entries);
  done.catch(() => {}); // the loop below sees the same failure
  const seen = new Set<string>();
  for await (const entry of entries) {
    const path = safePath(entry.header);
    if (seen.has(path)) throw unsafe(entry.header, 'is there twice');
    if (entry.header.type === 'file') seen.add(path);
    if (entry.header.type === 'directory' || !isWanted(path, only)) {
      entry.resume();
      continue;
    }
    const target = join(folder, ...path.split('/'));
    await mkdir(dirname(target), { recursive: true });
    await pipeline(entry, createWriteStream(target, { flags: 'wx', mode: 0o644 }));
  }
  await done;
}

/** The entry's path below the archive's top folder, with `/` between its parts. */
function safePath(header: Headers): string {
  if (header.type !== 'file' && header.type !== 'directory') throw unsafe(header, `is a ${header.type}`);
  const parts = header.name.split('/').filter((part, index, all) => part !== '' || index < all.length - 1);
  const bad = parts.some((part) => part === '' || part === '.' || part === '..' || /[\\:\0]/.test(part));
  if (bad) throw unsafe(header, 'leads outside');
  return parts.slice(1).join('/');
}

function isWanted(path: string, only: readonly string[] | undefined): boolean {
  return !only || only.some((wanted) => path === wanted || path.startsWith(`${wanted}/`));
}

function unsafe(header: Headers, why: string): OutsideError {
  return new OutsideError({
    code: 'native-archive-unsafe',
    message: `the archive holds ${JSON.stringify(header.name)}, which ${why}`,
    next: 'Check which registry npm is configured for; nothing was installed.',
  });
}
