import { createHash } from 'node:crypto';

export interface StoredArtifact {
  readonly id: number;
  readonly runId: string;
  readonly name: string;
  readonly contentType: string;
  readonly createdAt: string;
  /** What was uploaded: a zip archive unless the action asked for none. */
  readonly bytes: Buffer;
  readonly digest: string;
}

/** Artifacts of all runs, and those that are being uploaded. A name is there once per run, and what is there is final. */
export interface ArtifactStore {
  readonly all: readonly StoredArtifact[];
  /** Undefined when the run has one of that name already. */
  begin(artifact: { runId: string; name: string; contentType: string }): { uploadId: number } | undefined;
  putBlock(uploadId: number, blockId: string, bytes: Buffer): void;
  /** Joins blocks in the given order. */
  putBlockList(uploadId: number, blockIds: readonly string[]): void;
  put(uploadId: number, bytes: Buffer): void;
  /** Undefined when nothing was uploaded or its size is another. */
  finish(artifact: { runId: string; name: string; size: number }): StoredArtifact | undefined;
  remove(artifact: StoredArtifact): void;
}

interface Upload {
  readonly id: number;
  readonly runId: string;
  readonly name: string;
  readonly contentType: string;
  readonly blocks: Map<string, Buffer>;
  bytes: Buffer | undefined;
}

export function artifactStore(): ArtifactStore {
  const all: StoredArtifact[] = [];
  const uploads: Upload[] = [];
  let nextId = 1;
  const uploadOf = (id: number) => {
    const upload = uploads.find((candidate) => candidate.id === id);
    if (!upload) throw new Error(`there is no upload ${id}`);
    return upload;
  };
  return {
    all,
    begin({ runId, name, contentType }) {
      if (all.some((artifact) => artifact.runId === runId && artifact.name === name)) return undefined;
      const upload = { id: nextId++, runId, name, contentType, blocks: new Map(), bytes: undefined };
      uploads.push(upload);
      return { uploadId: upload.id };
    },
    putBlock(uploadId, blockId, bytes) {
      uploadOf(uploadId).blocks.set(blockId, bytes);
    },
    putBlockList(uploadId, blockIds) {
      const upload = uploadOf(uploadId);
      const blocks = blockIds.map((id) => upload.blocks.get(id));
      if (blocks.includes(undefined)) throw new Error('the list names a block that was not uploaded');
      upload.bytes = Buffer.concat(blocks as Buffer[]);
    },
    put(uploadId, bytes) {
      uploadOf(uploadId).bytes = bytes;
    },
    finish({ runId, name, size }) {
      const upload = uploads.findLast((candidate) => candidate.runId === runId && candidate.name === name);
      if (upload?.bytes?.length !== size) return undefined;
      const { id, contentType, bytes } = upload;
      const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
      const artifact = { id, runId, name, contentType, bytes, digest, createdAt: new Date().toISOString() };
      all.push(artifact);
      return artifact;
    },
    remove(artifact) {
      all.splice(all.indexOf(artifact), 1);
    },
  };
}
