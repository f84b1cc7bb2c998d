import type { Scans } from '@rastro/contract';
import { chunksOf, free } from './batches.ts';
import { type Session, told } from './session.ts';
import { isValid, validityOf } from './validity.ts';

const BYTES = 8;
/** Bytes for the hashes of keys at once: those of 16 million. */
export const KEY_ROOM = 128 * 1024 * 1024;
const AHEAD = '1MB';
/** More hashes that repeat than these are too many to look for by name. */
const MOST_NAMED = 1000;

/** By the position of a check that no key comes twice: the hashes of the keys that may; undefined where they are too many to tell. */
export type RepeatedKeys = ReadonlyMap<number, readonly bigint[] | undefined>;

/**
 * Finds the keys that repeat by their hashes, which take little memory: no hash is there twice where all keys are different. One
 * scan for all checks, as long as the hashes fit into the room, in bytes; else several.
 */
export async function repeatedKeys(
  session: Session,
  scans: Scans,
  { rows, room }: { rows: number; room: number },
): Promise<RepeatedKeys> {
  const keys = scans.uniqueKeys;
  const repeated = new Map<number, readonly bigint[] | undefined>(keys.map((index) => [index, []]));
  if (keys.length === 0) return repeated;
  const parts = Math.max(1, Math.ceil((rows * keys.length * BYTES) / room));
  for (let part = 0; part < parts; part++) {
    const lists = keys.map(() => new Hashes(Math.ceil(rows / parts)));
    await told(async () => {
      for await (const chunk of chunksOf(session, scans.hashes(keys, { part, parts }), AHEAD)) {
        for (const [index, list] of lists.entries()) {
          const vector = chunk.getColumnVector(index);
          const { items } = vector as unknown as { items: BigUint64Array };
          list.add(items.subarray(0, chunk.rowCount), validityOf(vector));
          free(vector);
        }
      }
    });
    for (const [index, key] of keys.entries())
      repeated.set(key, joined(repeated.get(key), lists[index]!.repeated()));
  }
  return repeated;
}

function joined(
  some: readonly bigint[] | undefined,
  more: readonly bigint[] | undefined,
): readonly bigint[] | undefined {
  if (some === undefined || more === undefined) return undefined;
  return some.length + more.length > MOST_NAMED ? undefined : [...some, ...more];
}

/** Hashes of 64 bits: many, in little memory. */
class Hashes {
  #all: BigUint64Array;
  #count = 0;

  constructor(expected: number) {
    this.#all = new BigUint64Array(expected);
  }

  add(items: BigUint64Array, validity: Uint8Array | undefined): void {
    this.#make(items.length);
    if (!validity) {
      this.#all.set(items, this.#count);
      this.#count += items.length;
      return;
    }
    for (let row = 0; row < items.length; row++) {
      if (isValid(validity, row)) this.#all[this.#count++] = items[row]!;
    }
  }

  /** Those that are there more than once; undefined when they are too many to tell. */
  repeated(): bigint[] | undefined {
    const sorted = this.#all.subarray(0, this.#count).sort();
    // Words, because every read of 64 bits would make a number on the heap.
    const words = new Uint32Array(sorted.buffer, 0, 2 * this.#count);
    const isAsBefore = (index: number) =>
      words[2 * index] === words[2 * index - 2] && words[2 * index + 1] === words[2 * index - 1];
    const found: bigint[] = [];
    for (let index = 1; index < this.#count; index++) {
      if (!isAsBefore(index) || (index > 1 && isAsBefore(index - 1))) continue;
      if (found.length === MOST_NAMED) return undefined;
      found.push(sorted[index]!);
    }
    return found;
  }

  /** Parts are never of quite the same size. */
  #make(more: number): void {
    const needed = this.#count + more;
    if (needed <= this.#all.length) return;
    const larger = new BigUint64Array(Math.ceil(needed * 1.1));
    larger.set(this.#all.subarray(0, this.#count));
    this.#all = larger;
  }
}
