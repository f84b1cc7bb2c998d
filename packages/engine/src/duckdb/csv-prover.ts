import { isUtf8 } from 'node:buffer';
import { automatonOfTexts, type ValueTestName } from '@rastro/contract';
import type { ColumnTests } from './column-tests.ts';
import { COLUMN_BYTES, CompiledColumn } from './compiled-column.ts';
import type { CsvDialect } from './csv-scanner.ts';
import { PROVER_BINARY } from './prover-binary.ts';

export interface ProverOptions {
  readonly dialect: CsvDialect;
  readonly lineEnd: '\n' | '\r\n';
  readonly missingValues: readonly string[];
  /** For each column what to prove of its values; undefined for nothing. */
  readonly columns: readonly (ColumnTests | undefined)[];
  /** Bytes to take at once, and the most that a record may have. Default 1 MiB. */
  readonly room?: number | undefined;
}

declare const WebAssembly: {
  compile(bytes: Buffer): Promise<object>;
  instantiate(module: object): Promise<{ readonly exports: unknown }>;
};

/** What assembly/csv-prover.ts exports. Addresses are positions in its memory. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): void };
  readonly rows: { readonly value: number };
  readonly longest: { readonly value: number };
  readonly hasHighBytes: { readonly value: number };
  heapBase(): number;
  configure(
    delimiter: number,
    quote: number,
    comment: number,
    isCrLf: number,
    isEmptyMissing: number,
    firstColumn: number,
    columns: number,
  ): void;
  prove(from: number, to: number): number;
}

const PAGE = 65_536;
/** Bytes that the prover reads, and disregards, behind what it is given. */
const SLACK = 64;
/** Bytes of a file taken at once. */
const ROOM = 1024 * 1024;

let compiled: Promise<object> | undefined;
/** Provers reserve much of the address space, so the next file takes what the last one has done with. */
const idle: Exports[] = [];

async function instantiate(): Promise<Exports> {
  compiled ??= WebAssembly.compile(Buffer.from(PROVER_BINARY, 'base64'));
  return (await WebAssembly.instantiate(await compiled)).exports as Exports;
}

/**
 * Proves that delimited text in UTF-8 is plain and that its values pass tests, many times faster than a `CsvScanner` tells what is
 * wrong and where. What it does not prove may hold all the same.
 */
export class CsvProver {
  /** Where the bytes of the file go, by turns. */
  readonly rooms: readonly [Buffer, Buffer];
  readonly #exports: Exports;
  readonly #columns: readonly (CompiledColumn | undefined)[];
  readonly #firstColumn: number;
  readonly #lineEnd: Buffer;
  #turn: 0 | 1 = 0;
  /** Bytes of a record that is not whole yet: right before the room whose turn it is. */
  #held = 0;

  static async create(options: ProverOptions): Promise<CsvProver> {
    return new CsvProver(idle.pop() ?? (await instantiate()), options);
  }

  private constructor(
    exports: Exports,
    { dialect, lineEnd, missingValues, columns, room = ROOM }: ProverOptions,
  ) {
    this.#exports = exports;
    this.#lineEnd = Buffer.from(lineEnd);
    const missingTexts = missingValues.filter((text) => text !== '');
    const missing = missingTexts.length > 0 ? automatonOfTexts(missingTexts) : undefined;
    const canTellMissing = missingTexts.length === 0 || missing !== undefined;
    this.#columns = columns.map((column) =>
      column && canTellMissing ? new CompiledColumn(column, missing) : undefined,
    );
    let used = Math.ceil(exports.heapBase() / 8) * 8;
    const take = (bytes: number): number => {
      used += bytes;
      return used - bytes;
    };
    this.#firstColumn = take(COLUMN_BYTES * columns.length);
    const automata = new Set(this.#columns.flatMap((column) => [...(column?.automata.values() ?? [])]));
    const addresses = new Map([...automata].map((each) => [each, take(256 + each.moves.length)]));
    const [first, second] = [take(2 * room + SLACK) + room, take(2 * room + SLACK) + room];
    exports.memory.grow(Math.max(0, Math.ceil((used - exports.memory.buffer.byteLength) / PAGE)));
    this.rooms = [this.#bytes(first, room), this.#bytes(second, room)];
    this.#bytes(this.#firstColumn, COLUMN_BYTES * columns.length).fill(0);
    for (const [{ accepting, moves }, at] of addresses) {
      this.#bytes(at, 256).set(accepting);
      this.#bytes(at + 256, moves.length).set(moves);
    }
    for (const [column, at] of this.#places()) column.write(this.#view, at, (each) => addresses.get(each)!);
    exports.configure(
      dialect.delimiter,
      dialect.quote,
      dialect.comment ?? -1,
      Number(lineEnd === '\r\n'),
      Number(missingValues.includes('')),
      this.#firstColumn,
      columns.length,
    );
  }

  /** Takes the next bytes of the file, that lie in the room whose turn it is. Returns false when they are not plain. */
  push(bytes: Buffer): boolean {
    const to = bytes.byteOffset + bytes.length;
    const from = bytes.byteOffset - this.#held;
    const next = this.#exports.prove(from, to);
    if (next === 0) return false;
    if (this.#exports.hasHighBytes.value && !isUtf8(this.#bytes(from, next - from))) return false;
    this.#turn = this.#turn === 0 ? 1 : 0;
    this.#held = to - next;
    if (this.#held > this.rooms[0].length) return false;
    this.#bytes(this.#next - this.#held, this.#held).set(this.#bytes(next, this.#held));
    return true;
  }

  /** Takes what is left when the file has ended, be it without a line end. Returns false when it is not plain. */
  end(): boolean {
    if (this.#held === 0) return true;
    const last = this.rooms[this.#turn].subarray(0, this.#lineEnd.length);
    last.set(this.#lineEnd);
    return this.push(last) && this.#held === 0;
  }

  /** Records that were proven. */
  get rows(): number {
    return this.#exports.rows.value;
  }

  /** Bytes of the longest of them. */
  get longest(): number {
    return this.#exports.longest.value;
  }

  /** For each column what is proven of all its values. */
  get proven(): Set<ValueTestName>[] {
    const proven = this.#columns.map(() => new Set<ValueTestName>());
    for (const [column, at, index] of this.#places()) proven[index] = column.read(this.#view, at);
    return proven;
  }

  /** Says that this prover is done with. */
  close(): void {
    idle.push(this.#exports);
  }

  get #next(): number {
    return this.rooms[this.#turn].byteOffset;
  }

  get #view(): DataView {
    return new DataView(this.#exports.memory.buffer);
  }

  #bytes(at: number, length: number): Buffer {
    return Buffer.from(this.#exports.memory.buffer, at, length);
  }

  #places(): [CompiledColumn, number, number][] {
    return this.#columns.flatMap((column, index): [CompiledColumn, number, number][] =>
      column ? [[column, this.#firstColumn + COLUMN_BYTES * index, index]] : [],
    );
  }
}
