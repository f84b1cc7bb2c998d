import { open } from 'node:fs/promises';
import { fault, InputError, place } from '@rastro/fault';

const CHUNK = 1024 * 1024;

/** What the first bytes of a file say it is. */
export type Mark = 'utf-8' | 'utf-16le' | 'utf-16be' | undefined;

/** Turns the bytes of a text in one encoding into strings. */
export function decoderOf(encoding: string): (bytes: Buffer) => string {
  switch (encoding) {
    case 'latin-1':
      return (bytes) => bytes.toString('latin1');
    case 'windows-1252': {
      const decoder = new TextDecoder('windows-1252');
      return (bytes) => decoder.decode(bytes);
    }
    default:
      return (bytes) => bytes.toString('utf8');
  }
}

/**
 * The bytes of a text file in an ASCII-compatible encoding, without byte order mark: UTF-16 comes as UTF-8.
 * The bytes hold until the next are asked for.
 * @throws InputError when the file is not there, is compressed, is a Git LFS pointer, or is UTF-16 where the contract says otherwise.
 */
export async function* bytesOfText(
  file: { absolute: string; path: string },
  encoding: string,
): AsyncGenerator<Buffer> {
  const handle = await open(file.absolute).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    throw new InputError(
      fault('data-missing', `there is no file ${file.path}`, place(file.path), 'Check the path.'),
    );
  });
  try {
    let isFirst = true;
    let decoder: InstanceType<typeof TextDecoder> | undefined;
    const buffer = Buffer.allocUnsafe(CHUNK);
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, CHUNK);
      let bytes: Buffer = buffer.subarray(0, bytesRead);
      if (isFirst) {
        const mark = markOf(bytes);
        refuse(bytes, mark, file.path, encoding);
        if (encoding.startsWith('utf-16')) {
          const known = encoding === 'utf-16' ? (mark ?? 'utf-16le') : encoding;
          decoder = new TextDecoder(known, { fatal: true });
        }
        if (mark === 'utf-8') bytes = bytes.subarray(3);
        isFirst = false;
      }
      if (decoder) bytes = decoded(decoder, bytes, bytesRead > 0, file.path);
      if (bytes.length > 0) yield bytes;
      if (bytesRead === 0) return;
    }
  } finally {
    await handle.close();
  }
}

function decoded(
  decoder: InstanceType<typeof TextDecoder>,
  bytes: Buffer,
  stream: boolean,
  path: string,
): Buffer {
  try {
    return Buffer.from(decoder.decode(bytes, { stream }), 'utf8');
  } catch (error) {
    throw new InputError(
      fault(
        'data-encoding',
        `${path} is not valid UTF-16`,
        place(path),
        'Set source.encoding to the encoding it has.',
      ),
      { cause: error },
    );
  }
}

function markOf(bytes: Buffer): Mark {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return 'utf-8';
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  return undefined;
}

function refuse(bytes: Buffer, mark: Mark, path: string, encoding: string): void {
  const no = (code: string, message: string, next: string): never => {
    throw new InputError(fault(code, `${path} ${message}`, place(path, 1), next));
  };
  if (mark?.startsWith('utf-16') && !encoding.startsWith('utf-16')) {
    no(
      'data-encoding',
      `is UTF-16 (its first bytes say so), not ${encoding}`,
      'Set "encoding: utf-16" in the source of the contract.',
    );
  }
  if (mark?.startsWith('utf-16') && encoding !== 'utf-16' && encoding !== mark) {
    no(
      'data-encoding',
      `is ${mark} (its first bytes say so), not ${encoding}`,
      'Set "encoding: utf-16" in the source of the contract.',
    );
  }
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
    no('data-compressed', 'is compressed (gzip)', 'Decompress it before it is checked.');
  }
  if (bytes.subarray(0, 4).toString('latin1') === 'PAR1') {
    no('data-format', 'is a Parquet file, not text', 'Set "format: parquet" in the source of the contract.');
  }
  if (bytes.subarray(0, 40).toString('latin1').startsWith('version https://git-lfs.github.com/spec/')) {
    no(
      'data-pointer',
      'is a Git LFS pointer, not the data',
      'Fetch the data: use "lfs: true" in actions/checkout, or run "git lfs pull".',
    );
  }
}
