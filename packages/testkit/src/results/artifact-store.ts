import { createHash } from 'node:crypto';
import type { BlobStore } from './blob-store.ts';

export interface StoredArtifact {
  /** Also the number of its blob. */
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
  /** The blob to upload to; undefined when the run has one of that name already. */
  begin(artifact: { runId: string; name: string; contentType: string }): number | undefined;
  /** Undefined when nothing was uploaded or its size is another. */
  finish(artifact: { runId: string; name: string; size: number }): StoredArtifact | undefined;
  remove(artifact: StoredArtifact): void;
}

type Upload = Pick<StoredArtifact, 'id' | 'runId' | 'name' | 'contentType'>;

export function artifactStore(blobs: BlobStore): ArtifactStore {
  const all: StoredArtifact[] = [];
  const uploads: Upload[] = [];
  return {
    all,
    begin({ runId, name, contentType }) {
      if (all.some((artifact) => artifact.runId === runId && artifact.name === name)) return undefined;
      const id = blobs.create();
      uploads.push({ id, runId, name, contentType });
      return id;
    },
    finish({ runId, name, size }) {
      const upload = uploads.findLast((candidate) => candidate.runId === runId && candidate.name === name);
      const bytes = upload && blobs.read(upload.id);
      if (bytes?.length !== size) return undefined;
      const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
      const artifact = { ...upload!, bytes, digest, createdAt: new Date().toISOString() };
      all.push(artifact);
      return artifact;
    },
    remove(artifact) {
      all.splice(all.indexOf(artifact), 1);
    },
  };
}
