import { availableParallelism } from 'node:os';
import process from 'node:process';
import { InputError, place } from '@rastro/fault';
import type { Batch, LoadedModel, ModelRuntime, Scores, ScoringRequest } from '@rastro/usecases';
import type { InferenceSession } from 'onnxruntime-node';
import { zipMaps } from './classes.ts';
import { type Graph, withOutput } from './graph.ts';
import { feedsOf, namedTensors } from './infer.ts';
import { type InputPlan, planInputs } from './input-plan.ts';
import { type ModelFile, readModelFile, refusal } from './model-file.ts';
import { type OutputPlan, planOutputs } from './output-plan.ts';
import { float16Array } from './pack.ts';
import { cannotRun, runSession } from './run-session.ts';
import { Runner } from './runner.ts';
import { type Answers, toClasses, toValues } from './scores.ts';
import { type Memory, Scoring } from './scoring.ts';
import type { ThreadData } from './session-thread.ts';

type Ort = typeof import('onnxruntime-node');

export interface OnnxRuntimeOptions {
  /** Gives ONNX Runtime; called when the first model is loaded. */
  readonly load: () => Promise<Ort>;
  /** The file that it is loaded from, for more threads to run a model's rows. Left out, all is run on the caller's. */
  readonly locate?: () => Promise<string>;
  /**
   * Threads of one run. Default 1: how sums are split over threads changes their last digits, and the same model and
   * data must give the same numbers on every machine.
   */
  readonly threads?: number;
}

const warmUpRuns = 20;

/** What the sessions of a model's other threads may take together, by the size of the model. */
const THREADS_BYTES = 512 * 1024 * 1024;

/** Runs ONNX models with ONNX Runtime on the CPU. */
export function createOnnxRuntime({ load, locate, threads = 1 }: OnnxRuntimeOptions): ModelRuntime {
  return {
    load: async (path) => {
      const file = await readModelFile(path);
      return openModel(file, await load(), { threads, runtime: await locate?.() });
    },
    versions: async () => ({ 'onnxruntime-node': (await load()).env.versions.node ?? 'unknown' }),
  };
}

async function openModel(
  file: ModelFile,
  ort: Ort,
  { threads, runtime }: { threads: number; runtime: string | undefined },
): Promise<LoadedModel> {
  const { graph, path } = file;
  refuseTypes(file);
  const matrix = fetchableMatrix(graph);
  const data = {
    // External data is found beside the file, so such a model can only be opened by its path.
    source: matrix === undefined ? path : withOutput(file.bytes, matrix),
    options: sessionOptions(threads),
  };
  const { files } = file;
  const size = files.reduce((sum, { size }) => sum + size, 0);
  const session = await openSession(ort, data, path);
  const here = new Runner({ ort, session, path });
  const runner =
    runtime === undefined || !canMove(graph)
      ? here
      : new Runner(
          { ort, session, path },
          {
            most: Math.min(availableParallelism() - 1, Math.floor(THREADS_BYTES / size)),
            data: { ...data, runtime, files },
          },
        );
  const spare: Memory[] = [];
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

  const scoreAll = async (
    request: ScoringRequest,
    batches: Iterable<Batch> | AsyncIterable<Batch>,
    by = runner,
  ): Promise<Scores> => {
    const plans = plan(request);
    const scoring = new Scoring({ runner: by, path }, plans, spare);
    try {
      for await (const batch of batches) await scoring.add(batch);
    } catch (error) {
      // Rows before those that cannot be read or fed may be at fault, and not be answered yet.
      await scoring.settle();
      throw error;
    }
    const answers = await scoring.answers();
    return atModel(path, () => interpret(answers, plans.outputs, request));
  };

  return {
    signature: { inputs: graph.inputs, outputs: graph.outputs, opset: graph.opset },
    columns: (request) => plan(request).inputs.columns.map((column) => ({ ...column })),
    score: (request, batch) => scoreAll(request, [batch]),
    scoreAll: async (request, batches) => {
      try {
        return await scoreAll(request, batches);
      } finally {
        // A table is mostly read once: what comes after need not wait for the threads to end.
        runner.rest();
      }
    },
    time: async (request, batch, runs) => {
      // What a caller waits for, who has one thread.
      for (let run = 0; run < warmUpRuns; run++) await scoreAll(request, [batch], here);
      const times = new Float64Array(runs);
      for (let run = 0; run < runs; run++) {
        const start = performance.now();
        await scoreAll(request, [batch], here);
        times[run] = performance.now() - start;
      }
      return times;
    },
    infer: async (tensors) => {
      const feeds = atModel(path, () => feedsOf(ort, graph.inputs, tensors));
      const names = graph.outputs.filter(({ type }) => !type.includes('(')).map(({ name }) => name);
      return namedTensors(names, await runSession(session, path, feeds, names));
    },
    close: async () => {
      await runner.close();
      await session.release();
    },
  };
}

function interpret(answers: Answers, outputs: OutputPlan, request: ScoringRequest): Scores {
  if (answers.rows === 0) return { rows: 0 };
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

function sessionOptions(threads: number): InferenceSession.SessionOptions {
  return {
    executionProviders: ['cpu'],
    executionMode: 'sequential',
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    // Its errors are told as ours; its own lines beside them would be noise.
    logSeverityLevel: 4,
  };
}

async function openSession(
  ort: Ort,
  { source, options }: Pick<ThreadData, 'source' | 'options'>,
  path: string,
): Promise<InferenceSession> {
  try {
    return typeof source === 'string'
      ? await ort.InferenceSession.create(source, options)
      : await ort.InferenceSession.create(source, options);
  } catch (error) {
    throw cannotRun(path, error);
  }
}

/** Whether its tensors can go from one thread to another: halves are no numbers that a thread takes as they are. */
function canMove({ inputs, outputs }: Graph): boolean {
  return [...inputs, ...outputs].every(({ type }) => type !== 'float16');
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
