import { fault, InputError } from '@rastro/fault';
import { type CodedTexts, codedBy, joinNumbers, joinTexts } from '@rastro/metrics';
import type { Batch, ColumnRequest } from '@rastro/usecases';
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import type { InputPlan } from './input-plan.ts';
import { refusal } from './model-file.ts';
import type { OutputPlan } from './output-plan.ts';
import { pack } from './pack.ts';
import { runSession } from './run-session.ts';
import type { Answers } from './scores.ts';
import { makeTensor } from './tensor.ts';

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

interface OpenedModel {
  readonly ort: typeof import('onnxruntime-node');
  readonly session: InferenceSession;
  readonly path: string;
}

/** Runs batches through a model, one after another, and gathers what it answers. */
export class Scoring {
  readonly memory: Memory;
  readonly #model: OpenedModel;
  readonly #inputs: InputPlan;
  readonly #label: string | undefined;
  readonly #matrix: string | undefined;
  readonly #labels: CodedTexts[] = [];
  readonly #values: Numbers[] = [];
  #width = 1;
  #rows = 0;

  constructor(
    model: OpenedModel,
    { inputs, outputs }: { inputs: InputPlan; outputs: OutputPlan },
    memory: Memory,
  ) {
    this.#model = model;
    this.#inputs = inputs;
    this.#label = outputs.kind === 'classes' ? outputs.label : undefined;
    this.#matrix = outputs.kind === 'classes' ? outputs.scores : outputs.values;
    this.memory = memory;
  }

  async add(batch: Batch): Promise<void> {
    checkBatch(batch, this.#inputs.columns);
    const size = this.#inputs.fixedRows ?? ROWS_PER_RUN;
    for (let start = 0; start < batch.rows; start += size) {
      await this.#run(batch, start, Math.min(size, batch.rows - start));
    }
    this.#rows += batch.rows;
  }

  answers(): Answers {
    const rows = this.#rows;
    const name = this.#matrix;
    return {
      rows,
      labels: this.#label === undefined ? undefined : joinTexts(this.#labels),
      matrix:
        name === undefined
          ? undefined
          : { name, rows, width: this.#width, values: joinNumbers(this.#values) },
    };
  }

  async #run(batch: Batch, start: number, count: number): Promise<void> {
    const size = this.#inputs.fixedRows ?? count;
    const results = await this.#feed(batch, { start, count, size });
    if (this.#label !== undefined) {
      this.#labels.push(labelTexts(results[this.#label]!, this.#label, count, size));
    }
    if (this.#matrix === undefined) return;
    const tensor = results[this.#matrix]!;
    this.#width = widthOf(tensor, this.#matrix, size);
    const values = numbers(tensor, count * this.#width);
    this.#refuseNotFinite(values, batch, start);
    this.#values.push(values);
  }

  #feed(
    batch: Batch,
    rows: { start: number; count: number; size: number },
  ): Promise<InferenceSession.ReturnType> {
    const { ort, session, path } = this.#model;
    const { feeds, columns: wanted } = this.#inputs;
    const tensors = feeds.map(({ name, type, columns, rest }, feed) => {
      const named = columns.map((index) => ({ name: wanted[index]!.name, values: batch.columns[index]! }));
      const data = pack(type, named, { ...rows, firstRow: this.#rows }, this.memory[feed]);
      return [name, makeTensor(ort, type, data, [rows.size, ...rest])] as const;
    });
    const names = [this.#label, this.#matrix].filter((name) => name !== undefined);
    return runSession(session, path, Object.fromEntries(tensors), names);
  }

  #refuseNotFinite(values: Numbers, batch: Batch, start: number): void {
    let found = 0;
    while (found < values.length && Number.isFinite(values[found])) found++;
    if (found === values.length) return;
    const row = start + Math.floor(found / this.#width);
    const missing = this.#inputs.columns.flatMap(({ name }, index) => {
      const value = batch.columns[index]![row];
      return typeof value === 'number' && Number.isNaN(value) ? [name] : [];
    });
    const why = missing.length > 0 ? `, where ${missing.join(', ')} is missing` : '';
    throw refusal(
      this.#model.path,
      'model-answer-not-finite',
      `answers ${values[found]} for row ${this.#rows + row + 1}${why}`,
      missing.length > 0
        ? 'Fill the missing values in the data, or export the model with the step that fills them.'
        : 'Check the features of that row, and the model itself.',
    );
  }
}

type Numbers = Float32Array | Float64Array;

function widthOf({ dims }: Tensor, name: string, rows: number): number {
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

function labelTexts(tensor: Tensor, name: string, count: number, rows: number): CodedTexts {
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
function numbers({ data }: Tensor, count: number): Numbers {
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
