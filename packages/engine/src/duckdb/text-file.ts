import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { fault, InputError, place } from '@rastro/fault';
import { isGzip, markOf, refuseNoText, utf16Of } from './first-bytes.ts';

const CHUNK = 1024 * 1024;

interface TextFile {
  readonly absolute: string;
  readonly path: string;
}

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

/** Whether a file is compressed with gzip, and has to be unpacked before anything else reads it. */
export async function isPacked({ absolute }: TextFile): Promise<boolean> {
  const handle = await open(absolute);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2);
    return bytesRead === 2 && isGzip(buffer);
  } finally {
    await handle.close();
  }
}

/**
 * The bytes of a text file in an ASCII-compatible encoding, unpacked, without byte order mark: UTF-16 comes as UTF-8.
 * The bytes hold until the next are asked for. Those of a file that is not packed lie in the rooms by turns, so that one is filled
 * while the other is worked on.
 * @throws InputError when the file is not there, is no text, or is UTF-16 where the contract says otherwise.
 */
export async function* bytesOfText(
  file: TextFile,
  encoding: string,
  rooms = roomsOf(CHUNK),
): AsyncGenerator<Buffer> {
  let decode: ((bytes: Buffer, isLast: boolean) => Buffer) | undefined;
  let isFirst = true;
  for await (let bytes of rawBytes(file, rooms)) {
    if (isFirst) {
      refuseNoText(bytes, file.path, encoding);
      if (encoding.startsWith('utf-16')) decode = utf16Decoder(utf16Of(bytes, encoding), file.path);
      else if (markOf(bytes) === 'utf-8') bytes = bytes.subarray(3);
      isFirst = false;
    }
    const text = decode ? decode(bytes, false) : bytes;
    if (text.length > 0) yield text;
  }
  const rest = decode?.(Buffer.alloc(0), true);
  if (rest && rest.length > 0) yield rest;
}

/** The bytes of a file as they are, unpacked when it is compressed with gzip; each holds until the next are asked for. */
export async function* rawBytes(file: TextFile, rooms = roomsOf(CHUNK)): AsyncGenerator<Buffer> {
  const handle = await open(file.absolute).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    throw new InputError(
      fault('data-missing', `there is no file ${file.path}`, place(file.path), 'Check the path.'),
    );
  });
  try {
    let next = handle.read(rooms[0]);
    for (let turn = 0; ; turn++) {
      const { bytesRead, buffer } = await next;
      if (bytesRead === 0) return;
      const bytes = buffer.subarray(0, bytesRead);
      if (turn === 0 && isGzip(bytes)) return yield* unpacked(file);
      next = handle.read(rooms[turn % 2 === 0 ? 1 : 0]);
      // A failure is told when it is its turn.
      next.catch(() => {});
      yield bytes;
    }
  } finally {
    await handle.close();
  }
}

/** Two rooms for the bytes of a file. */
export function roomsOf(bytes: number): readonly [Buffer, Buffer] {
  return [Buffer.allocUnsafe(bytes), Buffer.allocUnsafe(bytes)];
}

async function* unpacked({ absolute, path }: TextFile): AsyncGenerator<Buffer> {
  const packed = createReadStream(absolute);
  const bytes = packed.pipe(createGunzip({ chunkSize: CHUNK }));
  packed.on('error', (error) => bytes.destroy(error));
  try {
    for await (const chunk of bytes) yield chunk as Buffer;
  } catch (error) {
    if (!(error as NodeJS.ErrnoException).code?.startsWith('Z_')) throw error;
    throw new InputError(
      fault(
        'data-compressed',
        `${path} cannot be unpacked: ${(error as Error).message}`,
        place(path),
        'Check that the file is complete.',
      ),
      { cause: error },
    );
  } finally {
    packed.destroy();
  }
}

/** UTF-16 to UTF-8, piece by piece. What is no UTF-16 is refused at its line. */
function utf16Decoder(encoding: string, path: string): (bytes: Buffer, isLast: boolean) => Buffer {
  const decoder = new TextDecoder(encoding, { fatal: true });
  let line = 1;
  return (bytes, isLast) => {
    try {
      const text = Buffer.from(decoder.decode(bytes, { stream: !isLast }), 'utf8');
      for (let at = text.indexOf(10); at >= 0; at = text.indexOf(10, at + 1)) line++;
      return text;
    } catch (error) {
      const [sound = ''] = new TextDecoder(encoding).decode(bytes).split('\ufffd', 1);
      throw new InputError(
        fault(
          'data-encoding',
          `${path} is not valid UTF-16`,
          place(path, line + sound.split('\n').length - 1),
          'Set source.encoding to the encoding it has.',
        ),
        { cause: error },
      );
    }
  };
}
