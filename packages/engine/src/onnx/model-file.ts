import { readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import { fault, InputError, place } from '@rastro/fault';
import { type Graph, readGraph } from './graph.ts';
import { ProtobufError } from './protobuf.ts';

/** What a file system says of a path that leads to no file: to nothing, through a file, in a circle, or to no name it could have. */
const NOT_THERE = ['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG'];

/** A model file and what it says about itself. */
export interface ModelFile {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly graph: Graph;
  /** The file itself, and those of its external data. */
  readonly files: readonly FileState[];
}

/** A file as it was when it was read. */
export interface FileState {
  readonly path: string;
  readonly size: number;
  /** When anything of it last changed, in nanoseconds. */
  readonly changed: bigint;
}

/**
 * Reads a model file and refuses what is not a runnable model, by name: a missing file, a pointer to one, another format,
 * and external data that is missing or lies outside the model's folder.
 * @throws InputError `model-not-found`, `model-is-pointer`, `model-empty`, `model-not-onnx`, `model-data-outside`,
 * `model-data-missing`
 */
export async function readModelFile(path: string): Promise<ModelFile> {
  const bytes = await readFile(path).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code === 'EISDIR') {
      throw refusal(
        path,
        'model-not-onnx',
        'is a folder, not an ONNX file',
        'Give the .onnx file inside it.',
      );
    }
    if (!NOT_THERE.includes(error.code ?? '')) throw error;
    throw await notFound(path);
  });
  refusePointers(path, bytes);
  const graph = parse(path, bytes);
  const files = [await stateOf(path)];
  for (const location of graph.externalFiles) files.push(await stateOf(await confine(path, location)));
  return { path, bytes, graph, files };
}

async function stateOf(path: string): Promise<FileState> {
  const { size, ctimeNs } = await stat(path, { bigint: true });
  return { path, size: Number(size), changed: ctimeNs };
}

async function notFound(path: string): Promise<InputError> {
  const isTracked = await stat(`${path}.dvc`).then(
    () => true,
    () => false,
  );
  return isTracked
    ? refusal(path, 'model-not-found', 'is tracked by DVC and has not been pulled', 'Run `dvc pull` first.')
    : refusal(
        path,
        'model-not-found',
        'does not exist',
        'Train the model first, or say where its ONNX file is.',
      );
}

function refusePointers(path: string, bytes: Uint8Array): void {
  if (bytes.length === 0) {
    throw refusal(path, 'model-empty', 'is empty', 'Write the model again; its export was cut off.');
  }
  const start = Buffer.from(bytes.subarray(0, 256)).toString('latin1');
  if (start.startsWith('version https://git-lfs.github.com/spec/')) {
    throw refusal(
      path,
      'model-is-pointer',
      'is a Git LFS pointer, not the model itself',
      'Fetch it first: `git lfs pull`, or `lfs: true` for actions/checkout.',
    );
  }
  if (/^(?:#.*\n)*(?:outs|md5|wdir|deps|meta|frozen):/.test(start)) {
    throw refusal(
      path,
      'model-is-pointer',
      'is a DVC pointer, not the model itself',
      'Run `dvc pull`, and name the file without .dvc.',
    );
  }
  const format = otherFormat(start);
  if (format) {
    throw refusal(path, 'model-not-onnx', `is ${format}, not an ONNX model`, 'Export the model to ONNX.');
  }
}

/** Formats that models are often saved in, by their first bytes. None of them is ever opened. */
function otherFormat(start: string): string | undefined {
  if (start.startsWith('\x80') && '\x02\x03\x04\x05'.includes(start[1] ?? '-')) return 'a Python pickle';
  if (start.startsWith('PK\x03\x04')) return 'a ZIP archive (PyTorch and Keras save such files)';
  if (start.startsWith('\x89HDF')) return 'an HDF5 file (Keras saves such files)';
  if (start.slice(4, 8) === 'ORTM') return 'a model in the ORT format';
  if (/^\s*[{[<]/.test(start)) return 'a text file';
  return undefined;
}

function parse(path: string, bytes: Uint8Array): Graph {
  try {
    return readGraph(bytes);
  } catch (error) {
    if (!(error instanceof ProtobufError)) throw error;
    throw refusal(
      path,
      'model-not-onnx',
      `is not an ONNX model: ${error.message}`,
      'Export the model to ONNX again; the file may be cut off or in another format.',
      error,
    );
  }
}

/**
 * External data must be a regular file in the model's folder or below, also after links are followed.
 * @returns where it is
 */
async function confine(path: string, location: string): Promise<string> {
  const folder = dirname(path);
  const outside = () =>
    refusal(
      path,
      'model-data-outside',
      `keeps weights at ${JSON.stringify(location)}, which is outside the model's folder`,
      'Save the model with its external data beside it.',
    );
  if (location.includes('\0') || isAbsolute(location) || /^[a-zA-Z]:|\\/.test(location)) throw outside();
  const target = resolve(folder, location);
  if (!isBelow(folder, target)) throw outside();
  const real = await realpath(target).catch((error: NodeJS.ErrnoException) => {
    if (!NOT_THERE.includes(error.code ?? '')) throw error;
    throw refusal(
      path,
      'model-data-missing',
      `keeps weights in ${JSON.stringify(location)}, which is not there`,
      'Put the external data file beside the model.',
    );
  });
  if (!isBelow(await realpath(folder), real)) throw outside();
  return real;
}

function isBelow(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/** An InputError about a model file: `message` continues the file's name. */
export function refusal(
  path: string,
  code: string,
  message: string,
  next: string,
  cause?: unknown,
): InputError {
  return new InputError(fault(code, `${basename(path)} ${message}`, place(path), next), { cause });
}
