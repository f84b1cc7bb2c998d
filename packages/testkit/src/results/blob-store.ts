/** Bytes by number, brought whole or in blocks, as Azure's blob storage takes them. */
export interface BlobStore {
  /** The number of a new blob, which has no bytes yet. */
  create(): number;
  putBlock(id: number, blockId: string, bytes: Buffer): void;
  /** Joins blocks in the given order. */
  putBlockList(id: number, blockIds: readonly string[]): void;
  put(id: number, bytes: Buffer): void;
  /** Undefined until bytes were put. */
  read(id: number): Buffer | undefined;
}

export function blobStore(): BlobStore {
  const blobs: { readonly blocks: Map<string, Buffer>; bytes: Buffer | undefined }[] = [];
  const blobOf = (id: number) => {
    const blob = blobs[id - 1];
    if (!blob) throw new Error(`there is no blob ${id}`);
    return blob;
  };
  return {
    create: () => blobs.push({ blocks: new Map(), bytes: undefined }),
    putBlock(id, blockId, bytes) {
      blobOf(id).blocks.set(blockId, bytes);
    },
    putBlockList(id, blockIds) {
      const blob = blobOf(id);
      const blocks = blockIds.map((blockId) => blob.blocks.get(blockId));
      if (blocks.includes(undefined)) throw new Error('the list names a block that was not uploaded');
      blob.bytes = Buffer.concat(blocks as Buffer[]);
    },
    put(id, bytes) {
      blobOf(id).bytes = bytes;
    },
    read: (id) => blobs[id - 1]?.bytes,
  };
}
