import process from 'node:process';
import { fault, InputError, place } from '@rastro/fault';
import { type CodedTexts, codedBy, joinTexts } from '@rastro/metrics';
import type {
  Batch,
  ColumnRequest,
  LoadedModel,
  ModelRuntime,
  Scores,
  ScoringRequest,
} from '@rastro/usecases';
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { zipMaps } from './classes.ts';
import { type Graph, withOutput } from './graph.ts';
import { feedsOf, namedTensors } from './infer.ts';
import { type Feed, type InputPlan, planInputs } from './input-plan.ts';
import { type ModelFile, readModelFile, refusal } from './model-file.ts';
import { type OutputPlan, planOutputs } from './output-plan.ts';
import { float16Array, pack } from './pack.ts';
import { type Answers, toClasses, toValues } from './scores.ts';
import { makeTensor } from './tensor.ts';

type Ort = typeof import('onnxruntime-node');

export interface OnnxRuntimeOptions {
  /** Gives ONNX Runtime; called when the first model is loaded. */
  readonly load: () => Promise<Ort>;
  /**
   * Threads per model. Default 1: how sums are split over threads changes their last digits, and the same model and
   * data must give the same numbers on every machine.
   */
  readonly threads?: number;
}

/** Rows per run: large enough for full speed, small enough to stay in the processor's cache. */
const rowsPerRun = 16_384;

const warmUpRuns = 20;

/** Runs ONNX models with ONNX Runtime on the CPU. */
export function createOnnxRuntime({ load, threads = 1 }: OnnxRuntimeOptions): ModelRuntime {
  return {
    load: async (path) => {
      const file = await readModelFile(path);
      return openModel(file, await load(), threads);
    },
    versions: async () => ({ 'onnxruntime-node': (await load()).env.versions.node ?? 'unknown' }),
  };
}

async function openModel(file: ModelFile, ort: Ort, threads: number): Promise<LoadedModel> {
  const { graph, path } = file;
  refuseTypes(file);
  const matrix = fetchableMatrix(graph);
  // External data is found beside the file, so such a model can only be opened by its path.
  const source = matrix === undefined ? path : withOutput(file.bytes, matrix);
  const session = await openSession(ort, source, path, threads);
  const spare: ArrayBuffer[][] = [];
  const planned = new Map<string, { inputs: InputPlan; outputs: OutputPlan }>();

  function plan(request: ScoringRequest): { inputs: InputPlan; outputs: OutputPlan } {
    const key = JSON.stringify([request.task, request.features, request.inputs, request.outputs]);
    const known = planned.get(key);
    if (known) return known;
    const made = atModel(path, () => ({
      inputs: planInputs(graph.inputs, request),
      outputs: planOutputs(graph, request, matrix),
    }));
    planned.set(key, made);
    return made;
  }

  const score = async (request: ScoringRequest, batch: Batch): Promise<Scores> => {
    const { inputs, outputs } = plan(request);
    checkBatch(batch, inputs.columns);
    // For many rows the same memory again and again, but never that of a run at the same time.
    const memory = batch.rows < rowsPerRun ? [] : (spare.pop() ?? inputs.feeds.map(memoryOf));
    const firstRow = request.firstRow ?? 0;
    const answers = await run({ ort, session, path, inputs, outputs, batch, firstRow, memory });
    if (memory.length > 0) spare.push(memory);
    return atModel(path, () => interpret(answers, outputs, request));
  };

  return {
    signature: { inputs: graph.inputs, outputs: graph.outputs, opset: graph.opset },
    columns: (request) => plan(request).inputs.columns.map((column) => ({ ...column })),
    score,
    time: async (request, batch, runs) => {
      for (let run = 0; run < warmUpRuns; run++) await score(request, batch);
      const times = new Float64Array(runs);
      for (let run = 0; run < runs; run++) {
        const start = performance.now();
        await score(request, batch);
        times[run] = performance.now() - start;
      }
      return times;
    },
    infer: async (tensors) => {
      const feeds = atModel(path, () => feedsOf(ort, graph.inputs, tensors));
      const names = graph.outputs.filter(({ type }) => !type.includes('(')).map(({ name }) => name);
      return namedTensors(names, await runSession(session, path, feeds, names));
    },
    close: () => session.release(),
  };
}

function interpret(answers: Answers, outputs: OutputPlan, request: ScoringRequest): Scores {
  switch (outputs.kind) {
    case 'values':
      return toValues(answers);
    case 'classes':
      return toClasses(answers, outputs, request);
  }
}

/** The matrix behind the only ZipMap, which can be fetched in its place. */
function fetchableMatrix(graph: Graph): string | undefined {
  const [zipMap, ...others] = zipMaps(graph);
  return zipMap && others.length === 0 && graph.externalFiles.length === 0 ? zipMap.inputs[0] : undefined;
}

async function openSession(
  ort: Ort,
  source: string | Uint8Array,
  path: string,
  threads: number,
): Promise<InferenceSession> {
  const options: InferenceSession.SessionOptions = {
    executionProviders: ['cpu'],
    executionMode: 'sequential',
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    // Its errors are told as ours; its own lines beside them would be noise.
    logSeverityLevel: 4,
  };
  try {
    return typeof source === 'string'
      ? await ort.InferenceSession.create(source, options)
      : await ort.InferenceSession.create(source, options);
  } catch (error) {
    throw cannotRun(path, error);
  }
}

interface Run {
  readonly ort: Ort;
  readonly session: InferenceSession;
  readonly path: string;
  readonly inputs: InputPlan;
  readonly outputs: OutputPlan;
  readonly batch: Batch;
  readonly firstRow: number;
  /** Room for each feed, where there is any. */
  readonly memory: readonly ArrayBuffer[];
}

/** Room for the numbers of a run, the largest of which have eight bytes. */
function memoryOf({ type, columns }: Feed): ArrayBuffer {
  return new ArrayBuffer(type === 'string' ? 0 : rowsPerRun * columns.length * 8);
}

async function run(work: Run): Promise<Answers> {
  const { inputs, outputs, batch } = work;
  const labelName = outputs.kind === 'classes' ? outputs.label : undefined;
  const matrixName = outputs.kind === 'classes' ? outputs.scores : outputs.values;
  const size = inputs.fixedRows ?? rowsPerRun;
  const labels: CodedTexts[] = [];
  let width = 1;
  let values = new Float64Array(0);
  for (let start = 0; start < batch.rows; start += size) {
    const count = Math.min(size, batch.rows - start);
    const results = await runRows(work, { start, count, size: inputs.fixedRows ?? count });
    if (labelName !== undefined) {
      labels.push(labelTexts(results[labelName]!, labelName, count, inputs.fixedRows ?? count));
    }
    if (matrixName !== undefined) {
      const tensor = results[matrixName]!;
      const found = widthOf(tensor, matrixName, inputs.fixedRows ?? count);
      if (start === 0) {
        width = found;
        values = new Float64Array(batch.rows * width);
      }
      values.set(numbers(tensor, count * width), start * width);
    }
  }
  if (matrixName !== undefined) refuseNaN(values, width, work);
  return {
    rows: batch.rows,
    labels: labelName === undefined ? undefined : joinTexts(labels),
    matrix: matrixName === undefined ? undefined : { name: matrixName, rows: batch.rows, width, values },
  };
}

async function runRows(
  { ort, session, path, inputs, outputs, batch, firstRow, memory }: Run,
  rows: { start: number; count: number; size: number },
): Promise<InferenceSession.ReturnType> {
  const feeds = Object.fromEntries(
    inputs.feeds.map(({ name, type, columns, rest }, feed) => {
      const named = columns.map((index) => ({
        name: inputs.columns[index]!.name,
        values: batch.columns[index]!,
      }));
      const data = pack(type, named, { ...rows, firstRow }, memory[feed]);
      return [name, makeTensor(ort, type, data, [rows.size, ...rest])];
    }),
  );
  const names =
    outputs.kind === 'values'
      ? [outputs.values]
      : [outputs.label, outputs.scores].filter((name) => name !== undefined);
  return runSession(session, path, feeds, names);
}

async function runSession(
  session: InferenceSession,
  path: string,
  feeds: InferenceSession.FeedsType,
  names: readonly string[],
): Promise<InferenceSession.ReturnType> {
  try {
    return await session.run(feeds, names);
  } catch (error) {
    throw cannotRun(path, error);
  }
}

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
function numbers({ data }: Tensor, count: number): Float32Array | Float64Array {
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    return Float64Array.from(data.subarray(0, count), Number);
  }
  return (data as Float32Array).subarray(0, count);
}

function refuseNaN(values: Float64Array, width: number, { path, inputs, batch, firstRow }: Run): void {
  let found = 0;
  while (found < values.length && Number.isFinite(values[found])) found++;
  if (found === values.length) return;
  const row = Math.floor(found / width);
  const missing = inputs.columns.flatMap(({ name }, index) => {
    const value = batch.columns[index]![row];
    return typeof value === 'number' && Number.isNaN(value) ? [name] : [];
  });
  const why = missing.length > 0 ? `, where ${missing.join(', ')} is missing` : '';
  throw refusal(
    path,
    'model-answer-not-finite',
    `answers ${values[found]} for row ${firstRow + row + 1}${why}`,
    missing.length > 0
      ? 'Fill the missing values in the data, or export the model with the step that fills them.'
      : 'Check the features of that row, and the model itself.',
  );
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

function refuseTypes({ path, graph }: ModelFile): void {
  const ports = [...graph.inputs, ...graph.outputs];
  const brain = ports.find(({ type }) => type === 'bfloat16');
  if (brain) {
    throw refusal(
      path,
      'model-cannot-run',
      `has ${JSON.stringify(brain.name)} as bfloat16, which ONNX Runtime for Node.js cannot pass in or out`,
      'Export the model with float inputs and outputs.',
    );
  }
  const half = ports.find(({ type }) => type === 'float16');
  if (half && !float16Array()) {
    throw refusal(
      path,
      'model-cannot-run',
      `has ${JSON.stringify(half.name)} as float16, which Node.js ${process.versions.node} has no numbers for`,
      'Run on Node.js 24 or later, or export the model with float inputs and outputs.',
    );
  }
}

function cannotRun(path: string, error: unknown): InputError {
  const reason = plainReason(error);
  const locale = /locale with name:\s*([\w.-]+)/.exec(reason)?.[1];
  if (locale) {
    return refusal(
      path,
      'model-cannot-run',
      `needs the locale ${locale}, which this machine does not have`,
      `Install it before this step: \`sudo locale-gen ${locale}\`.`,
      error,
    );
  }
  const opset = /Opset (\d+) is under development.*domain (\S+) is till opset (\d+)/.exec(reason);
  if (opset) {
    const [, asked, domain, known] = opset;
    return tooNew(path, `operator set ${asked} of ${domain}`, known!, `opset ${known}`, error);
  }
  const format = /IR version: (\d+), max supported IR version: (\d+)/.exec(reason);
  if (format) return tooNew(path, `IR version ${format[1]}`, format[2]!, `IR version ${format[2]}`, error);
  return refusal(
    path,
    'model-cannot-run',
    `cannot be run: ${reason}`,
    'Check the model with ONNX Runtime where it was made, and export it with operators that it has.',
    error,
  );
}

function tooNew(path: string, asked: string, known: string, target: string, error: unknown): InputError {
  return refusal(
    path,
    'model-cannot-run',
    `needs ${asked}, and this ONNX Runtime knows them up to ${known}`,
    `Export the model for ${target} or earlier.`,
    error,
  );
}

/** What ONNX Runtime says, without the places in its own source and the signatures of its functions. */
function plainReason(error: unknown): string {
  const text = (error instanceof Error ? error.message : String(error)).split('\n')[0]!;
  return text
    .replaceAll(/\/onnxruntime_src\/\S+:\d+ .*?\((?:[^()]|\([^()]*\))*\)(?: const)? /g, '')
    .replaceAll(/\[ONNXRuntimeError\] : \d+ : \w+ : /g, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

/** Puts the model's file on faults that were found in its graph or its answers. */
function atModel<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const [first, ...rest] = error.faults;
    throw new InputError([{ ...first, place: place(path) }, ...rest], { cause: error });
  }
}
