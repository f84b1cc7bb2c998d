import { fault, InputError } from '@rastro/fault';
import { type CodedTexts, codedBy, joinTexts } from '@rastro/metrics';
import type { Batch, ColumnRequest } from '@rastro/usecases';
import { AnswerColumn } from './answer-column.ts';
import type { InputPlan } from './input-plan.ts';
import { refusal } from './model-file.ts';
import type { Run } from './model-thread.ts';
import type { OutputPlan } from './output-plan.ts';
import { pack } from './pack.ts';
import type { Runner } from './runner.ts';
import type { Answers } from './scores.ts';
import type { FedTensor, Outputs } from './session-thread.ts';
import { tensorType } from './tensor.ts';

/** Rows per run: large enough for full speed, small enough for what lies between layers to stay in the processor's cache. */
const ROWS_PER_RUN = 2048;

/** Room for the tensor of each feed. New memory for every run would keep the garbage collector busy. */
export type Memory = readonly ArrayBuffer[];

export function memoryOf({ feeds, fixedRows }: InputPlan): Memory {
  // The largest numbers have eight bytes.
  return feeds.map(
    ({ type, columns }) =>
      new ArrayBuffer(type === 'string' ? 0 : (fixedRows ?? ROWS_PER_RUN) * columns.length * 8),
  );
}

/** Rows of one run, by where they are in the table. */
interface Part {
  readonly index: number;
  readonly firstRow: number;
  readonly count: number;
  readonly size: number;
}

/** Runs batches through a model, several at a time where it has the threads, and gathers what it answers in their order. */
export class Scoring {
  readonly #runner: Runner;
  readonly #path: string;
  readonly #inputs: InputPlan;
  readonly #label: string | undefined;
  readonly #matrix: string | undefined;
  readonly #spare: Memory[];
  readonly #running = new Set<Promise<void>>();
  readonly #labels: CodedTexts[] = [];
  readonly #values = new AnswerColumn();
  #failure: { readonly index: number; readonly error: unknown } | undefined;
  #width = 1;
  #parts = 0;
  #rows = 0;

  /** `spare` is memory that no other scoring uses, and where this one leaves its own. */
  constructor(
    { runner, path }: { runner: Runner; path: string },
    { inputs, outputs }: { inputs: InputPlan; outputs: OutputPlan },
    spare: Memory[],
  ) {
    this.#runner = runner;
    this.#path = path;
    this.#inputs = inputs;
    this.#label = outputs.kind === 'classes' ? outputs.label : undefined;
    this.#matrix = outputs.kind === 'classes' ? outputs.scores : outputs.values;
    this.#spare = spare;
  }

  /** The batch is not looked at any more once this is done, though its rows may not be answered yet. */
  async add(batch: Batch): Promise<void> {
    checkBatch(batch, this.#inputs.columns);
    const { fixedRows } = this.#inputs;
    if (batch.after !== undefined && fixedRows === undefined) this.#runner.expect(batch.after);
    const size = fixedRows ?? ROWS_PER_RUN;
    for (let start = 0; start < batch.rows; start += size) {
      await this.#begin(batch, start, Math.min(size, batch.rows - start));
      if (this.#failure) await this.settle();
    }
    this.#rows += batch.rows;
  }

  async answers(): Promise<Answers> {
    await this.settle();
    const rows = this.#rows;
    const name = this.#matrix;
    return {
      rows,
      labels: this.#label === undefined ? undefined : joinTexts(this.#labels),
      matrix:
        name === undefined ? undefined : { name, rows, width: this.#width, values: this.#values.values },
    };
  }

  /** Waits for all that was begun. Throws what failed, of several that of the first rows. */
  async settle(): Promise<void> {
    await Promise.all(this.#running);
    if (this.#failure) throw this.#failure.error;
  }

  async #begin(batch: Batch, start: number, count: number): Promise<void> {
    const part = {
      index: this.#parts++,
      firstRow: this.#rows + start,
      count,
      size: this.#inputs.fixedRows ?? count,
    };
    const names = [this.#label, this.#matrix].filter((name) => name !== undefined);
    const { done } = await this.#runner.begin(this.#feeds(batch, start, part), names);
    const taken = done
      .then((run) => this.#take(run, part))
      .catch((error: unknown) => {
        // Of several, that of the first rows is told.
        if (!this.#failure || this.#failure.index > part.index) this.#failure = { index: part.index, error };
      })
      .finally(() => this.#running.delete(taken));
    this.#running.add(taken);
  }

  #feeds(batch: Batch, start: number, { firstRow, count, size }: Part): FedTensor[] {
    const { feeds, columns: wanted } = this.#inputs;
    const memory = this.#spare.pop() ?? memoryOf(this.#inputs);
    const rows = { start, count, size, firstRow: firstRow - start };
    return feeds.map(({ name, type, columns, rest }, feed) => {
      const named = columns.map((index) => ({ name: wanted[index]!.name, values: batch.columns[index]! }));
      return {
        name,
        type: tensorType(type),
        data: pack(type, named, rows, memory[feed]),
        dims: [size, ...rest],
      };
    });
  }

  #take({ feeds, outputs }: Run, part: Part): void {
    const { index, count, size } = part;
    if (this.#label !== undefined) {
      this.#labels[index] = labelTexts(outputs[this.#label]!, this.#label, count, size);
    }
    if (this.#matrix !== undefined) {
      const tensor = outputs[this.#matrix]!;
      this.#width = widthOf(tensor, this.#matrix, size);
      const values = numbers(tensor, count * this.#width);
      const areFinite = this.#values.put(part.firstRow * this.#width, values);
      if (!areFinite) this.#refuseNotFinite(values, feeds, part);
    }
    this.#spare.push(
      feeds.map(({ data }) => (Array.isArray(data) ? new ArrayBuffer(0) : (data.buffer as ArrayBuffer))),
    );
  }

  #refuseNotFinite(values: Numbers, feeds: readonly FedTensor[], { firstRow }: Part): void {
    const found = values.findIndex((value) => !Number.isFinite(value));
    const row = Math.floor(found / this.#width);
    const missing = this.#inputs.feeds.flatMap(({ columns }, feed) => {
      const { data } = feeds[feed]!;
      return columns.flatMap((column, at) =>
        Number.isNaN(data[row * columns.length + at]) ? [this.#inputs.columns[column]!.name] : [],
      );
    });
    const why = missing.length > 0 ? `, where ${missing.join(', ')} is missing` : '';
    throw refusal(
      this.#path,
      'model-answer-not-finite',
      `answers ${values[found]} for row ${firstRow + row + 1}${why}`,
      missing.length > 0
        ? 'Fill the missing values in the data, or export the model with the step that fills them.'
        : 'Check the features of that row, and the model itself.',
    );
  }
}

type Numbers = Float32Array | Float64Array;

type Output = Outputs[string];

function widthOf({ dims }: Output, name: string, rows: number): number {
  const [first, ...rest] = dims;
  if (first === rows && rest.slice(1).every((dimension) => dimension === 1)) return rest[0] ?? 1;
  throw new InputError(
    fault(
      'model-outputs-unsupported',
      `output ${JSON.stringify(name)} has the shape [${dims.join(', ')}] for ${rows} rows`,
      undefined,
      'Export the model with outputs of shape [N] or [N, classes].',
    ),
  );
}

function labelTexts(tensor: Output, name: string, count: number, rows: number): CodedTexts {
  if (widthOf(tensor, name, rows) !== 1) {
    throw new InputError(
      fault(
        'model-outputs-unsupported',
        `output ${JSON.stringify(name)} gives several labels per row`,
        undefined,
        'Export the model with a label of shape [N].',
      ),
    );
  }
  const isBoolean = tensor.type === 'bool';
  return codedBy(tensor.data.slice(0, count) as ArrayLike<string | number | bigint>, (value) =>
    isBoolean ? String(value === 1) : String(value),
  );
}

/** The first `count` numbers of a tensor. */
function numbers({ data }: Output, count: number): Numbers {
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    return Float64Array.from(data.subarray(0, count), Number);
  }
  return (data as Float32Array).subarray(0, count);
}

function checkBatch({ columns }: Batch, wanted: readonly ColumnRequest[]): void {
  const fits = wanted.every(({ as }, index) => {
    const column = columns[index];
    return as === 'number' ? column instanceof Float64Array : Array.isArray(column);
  });
  if (!fits || columns.length !== wanted.length) {
    throw new TypeError('the batch does not hold the columns that the model asked for');
  }
}
