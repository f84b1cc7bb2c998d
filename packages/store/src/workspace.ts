import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, mkdir, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import { fault, InputError } from '@rastro/fault';
import type { Digest, Workspace } from '@rastro/usecases';
import { glob } from 'tinyglobby';

/** Opens the files under a folder. @throws InputError when there is no such folder. */
export async function openWorkspace(folder: string): Promise<Workspace> {
  const root = await realpath(resolve(folder)).catch((cause: unknown) => {
    throw new InputError(
      fault('folder-missing', `the folder ${folder} is not there`, undefined, 'Give a folder that exists.'),
      { cause },
    );
  });
  if (!(await stat(root)).isDirectory()) {
    throw new InputError(
      fault('folder-missing', `${folder} is not a folder`, undefined, 'Give the folder with rastro.yaml.'),
    );
  }
  return new FolderWorkspace(root);
}

/** Bytes to take a digest of at once: many small pieces cost more than the digest. */
const DIGEST_CHUNK = 1024 * 1024;

/** Never data; `.rastro` (our own files of one run) only when it is asked for by name. */
const IGNORED = ['.git/**', '**/node_modules/**'];

class FolderWorkspace implements Workspace {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  absolute(path: string): string {
    const target = resolve(this.root, path);
    if (isAbsolute(path) || path.includes('\0') || !isInside(this.root, target)) throw leavesRepository(path);
    return target;
  }

  async readText(path: string): Promise<string | undefined> {
    const bytes = await this.readBytes(path);
    if (!bytes) return undefined;
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    } catch (cause) {
      throw new InputError(
        fault('not-utf8', `${path} is not UTF-8 text`, { file: path }, 'Save the file as UTF-8.'),
        { cause },
      );
    }
  }

  async readBytes(path: string): Promise<Uint8Array | undefined> {
    return orMissing(path, async () => readFile(await this.#followed(path)));
  }

  async write(path: string, content: string | Uint8Array): Promise<void> {
    await this.ensureFolder(path);
    await orRefused(path, () =>
      this.#replace(this.absolute(path), (temporary) => writeThrough(temporary, content)),
    );
  }

  async copy(from: string, to: string): Promise<void> {
    await this.ensureFolder(to);
    const source = await this.#followed(from);
    await orRefused(to, () => this.#replace(this.absolute(to), (temporary) => copyFile(source, temporary)));
  }

  async #replace(target: string, make: (temporary: string) => Promise<void>): Promise<void> {
    const temporary = `${target}.${process.pid}.${Math.random().toString(36).slice(2)}.tmp`;
    try {
      await make(temporary);
      await rename(temporary, target);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }

  async ensureFolder(path: string): Promise<void> {
    const folder = dirname(path);
    if (folder !== '.') await this.ensureFolder(folder);
    await this.#followed(folder === '.' ? '.' : dirname(folder));
    await orRefused(path, () => mkdir(dirname(this.absolute(path)), { recursive: true }));
    await this.#followed(folder);
  }

  async remove(path: string): Promise<void> {
    await orRefused(path, () => rm(this.absolute(path), { force: true }));
  }

  async list(globs: readonly string[]): Promise<string[]> {
    for (const pattern of globs) this.absolute(pattern);
    const literal = await Promise.all(
      globs.map(async (pattern) => ((await this.#isFile(pattern)) ? [pattern] : [])),
    );
    const found = await glob([...globs], {
      cwd: this.root,
      dot: true,
      onlyFiles: true,
      followSymbolicLinks: false,
      ignore: globs.some((pattern) => pattern.startsWith('.rastro/')) ? IGNORED : [...IGNORED, '.rastro/**'],
    });
    return [...new Set([...literal.flat(), ...found])].sort();
  }

  async stamp(path: string): Promise<string | undefined> {
    return orMissing(path, async () => {
      const { ino, mtimeNs, ctimeNs } = await stat(await this.#followed(path), { bigint: true });
      return [ino, mtimeNs, ctimeNs].join(' ');
    });
  }

  async digest(path: string): Promise<Digest | undefined> {
    return orMissing(path, async () => {
      const hash = createHash('sha256');
      let size = 0;
      for await (const chunk of createReadStream(await this.#followed(path), {
        highWaterMark: DIGEST_CHUNK,
      })) {
        hash.update(chunk as Buffer);
        size += (chunk as Buffer).length;
      }
      return { sha256: hash.digest('hex'), size };
    });
  }

  /** A path that names a file is that file, even when its name has characters that mean something in a glob. */
  async #isFile(path: string): Promise<boolean> {
    return (await orMissing(path, () => stat(this.absolute(path))).catch(() => undefined))?.isFile() ?? false;
  }

  /** The real path behind links; links that lead outside are refused. */
  async #followed(path: string): Promise<string> {
    const real = await realpath(this.absolute(path));
    if (!isInside(this.root, real)) throw leavesRepository(path);
    return real;
  }
}

/** Writes a new file and waits until it is on the disk. */
async function writeThrough(path: string, content: string | Uint8Array): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

function isInside(root: string, target: string): boolean {
  const way = relative(root, target);
  return way === '' || (!way.startsWith(`..${sep}`) && way !== '..' && !isAbsolute(way));
}

function leavesRepository(path: string): InputError {
  return new InputError(
    fault(
      'path-outside',
      `the path ${path} leads outside the repository`,
      undefined,
      'Give a path inside the repository, relative to its root.',
    ),
  );
}

async function orMissing<T>(path: string, read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    // A name that no file system takes is one that no file has.
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG') return undefined;
    if (code === 'ELOOP') {
      throw new InputError(
        fault(
          'link-circle',
          `${path} is a link that leads back to itself`,
          { file: path },
          'Remove the link.',
        ),
        { cause: error },
      );
    }
    if (code === 'EISDIR')
      throw new InputError(
        fault('is-folder', `${path} is a folder, not a file`, { file: path }, 'Name a file in it.'),
        { cause: error },
      );
    if (code === 'EACCES') {
      throw new InputError(
        fault(
          'not-readable',
          `${path} cannot be read: permission denied`,
          { file: path },
          'Let the user that runs this step read it: chmod u+r.',
        ),
        { cause: error },
      );
    }
    throw error;
  }
}

/** What a file system says when it does not let us write, in words. */
const REFUSALS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  EEXIST: 'a file is where a folder is needed',
  ENOTDIR: 'a file is where a folder is needed',
  EISDIR: 'a folder is there',
  ERR_FS_EISDIR: 'a folder is there',
  ENAMETOOLONG: 'the name is too long',
  ELOOP: 'a link leads back to itself',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
};

async function orRefused<T>(path: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    const reason = REFUSALS[(error as NodeJS.ErrnoException).code ?? ''];
    if (!reason) throw error;
    throw new InputError(
      fault(
        'not-writable',
        `${path} cannot be written: ${reason}`,
        { file: path },
        'Make room for the file.',
      ),
      { cause: error },
    );
  }
}
