/** The sha256 (lower-case hex) and size in bytes of a file's content. */
export interface Digest {
  readonly sha256: string;
  readonly size: number;
}

/**
 * The files of the checked-out repository. Paths are relative to its root and use `/`; a path that leads outside
 * (through `..`, an absolute path or a symbolic link) is an InputError. A missing file is `undefined`; one that is
 * there and cannot be read throws.
 */
export interface Workspace {
  /** Absolute path of the root. */
  readonly root: string;
  absolute(path: string): string;
  readText(path: string): Promise<string | undefined>;
  readBytes(path: string): Promise<Uint8Array | undefined>;
  /** Writes whole or not at all (temporary file, then rename); makes the folders it needs. */
  write(path: string, content: string | Uint8Array): Promise<void>;
  /** Makes the folder that a file is to be written into. */
  ensureFolder(path: string): Promise<void>;
  /** Copies a file, whole or not at all; makes the folders it needs. */
  copy(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** The files that match the globs, sorted by path in code-unit order, each once. */
  list(globs: readonly string[]): Promise<string[]>;
  /** A text that is another one once the file was written again, even with the same content. */
  stamp(path: string): Promise<string | undefined>;
  /** Streams the file; never holds it in memory. */
  digest(path: string): Promise<Digest | undefined>;
}
