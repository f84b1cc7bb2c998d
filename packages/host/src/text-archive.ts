import { text } from 'node:stream/consumers';
import { fault, InputError } from '@rastro/fault';
import { type Entry, fromBufferPromise } from 'yauzl';

const MAX_FILES = 2000;
const MAX_FILE_BYTES = 16 * 1024 * 1024;
const MAX_TOTAL_BYTES = 64 * 1024 * 1024;

export interface TextFile {
  readonly name: string;
  readonly text: string;
}

/**
 * The files of a zip archive as texts, in memory. Whoever made it may be a stranger: names that lead outside, links, names that are
 * there twice, more files or bytes than reports have, and sizes that are not as told are refused before anything is used.
 * @throws InputError `artifact-unsafe`
 */
export async function readTextArchive(bytes: Buffer, name: string): Promise<TextFile[]> {
  try {
    return await readFiles(bytes);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new InputError(
      fault(
        'artifact-unsafe',
        `the artifact ${name} is refused: ${why}`,
        undefined,
        'Keep it with the comment action itself.',
      ),
      { cause: error },
    );
  }
}

async function readFiles(bytes: Buffer): Promise<TextFile[]> {
  // Names with "..", absolute ones and backslashes are refused by the library, sizes that are not as told while reading.
  const archive = await fromBufferPromise(bytes, {
    strictFileNames: true,
    validateEntrySizes: true,
    lazyEntries: true,
  });
  if (archive.entryCount > MAX_FILES) throw new Error(`it has more than ${MAX_FILES} files`);
  const files = new Map<string, TextFile>();
  let total = 0;
  for await (const entry of archive.eachEntry()) {
    const { fileName, uncompressedSize } = entry;
    if (fileName.endsWith('/')) continue;
    if (isSpecial(entry)) throw new Error(`${JSON.stringify(fileName)} is a link or another special file`);
    // On some file systems these are one file.
    const folded = fileName.normalize('NFC').toLowerCase();
    if (files.has(folded)) throw new Error(`${JSON.stringify(fileName)} is there twice`);
    total += uncompressedSize;
    if (uncompressedSize > MAX_FILE_BYTES || total > MAX_TOTAL_BYTES)
      throw new Error(`${JSON.stringify(fileName)} is too large`);
    files.set(folded, { name: fileName, text: await text(await archive.openReadStreamPromise(entry)) });
  }
  return [...files.values()];
}

const FILE_TYPE = 0o170000;
const REGULAR_FILE = 0o100000;
const FOLDER = 0o040000;

/** By the Unix mode, which stands in the upper half of the attributes; zero when the archive was made elsewhere. */
function isSpecial({ externalFileAttributes }: Entry): boolean {
  const type = (externalFileAttributes >>> 16) & FILE_TYPE;
  return type !== 0 && type !== REGULAR_FILE && type !== FOLDER;
}
