import type { InferenceSession, Tensor } from 'onnxruntime-node';
import type { FileState } from './model-file.ts';
import type { TensorData } from './pack.ts';

/** A tensor to feed: `type` in ONNX Runtime's own word, and not float16. */
export interface FedTensor {
  readonly name: string;
  readonly type: string;
  readonly data: TensorData;
  readonly dims: readonly number[];
}

/** What a model answered, by output. */
export type Outputs = Readonly<Record<string, Pick<Tensor, 'type' | 'data' | 'dims'>>>;

/** What a thread is started with: the file that ONNX Runtime is loaded from, its session, and the files of the model. */
export interface ThreadData {
  readonly runtime: string;
  readonly source: string | Uint8Array;
  readonly options: InferenceSession.SessionOptions;
  readonly files: readonly FileState[];
}

/** One run: the tensors, whose memory goes over to the thread, and the outputs to fetch. */
export interface Job {
  readonly id: number;
  readonly feeds: readonly FedTensor[];
  readonly names: readonly string[];
}

/** The first word of a thread is that it is ready; then it answers each job, and gives the memory of its tensors back: not its texts. */
export type Reply =
  | 'ready'
  | { readonly id: number; readonly feeds: readonly FedTensor[]; readonly outputs: Outputs }
  | { readonly id: number; readonly feeds: readonly FedTensor[]; readonly error: string };

/**
 * All that runs on a thread of its own: a session of the same model, until it is told `null`. The thread is given this function as text,
 * so that a bundle needs no second file: it must use nothing from around it.
 */
export function serveSession(load: NodeJS.Require): void {
  const { parentPort, workerData } = load('node:worker_threads') as typeof import('node:worker_threads');
  const port = parentPort!;
  const { statSync } = load('node:fs') as typeof import('node:fs');
  const { runtime, source, options, files } = workerData as ThreadData;
  const ort = load(runtime) as typeof import('onnxruntime-node');

  async function run(session: InferenceSession, { id, feeds, names }: Job): Promise<void> {
    const numbers = feeds.map((feed) => (Array.isArray(feed.data) ? { ...feed, data: [] } : feed));
    const memory = numbers.flatMap(({ data }) => (Array.isArray(data) ? [] : [data.buffer as ArrayBuffer]));
    try {
      const tensors = feeds.map(({ name, type, data, dims }) => [
        name,
        new ort.Tensor(type as 'float32', data as Float32Array, dims),
      ]);
      const results = await session.run(Object.fromEntries(tensors), names);
      const outputs = names.map((name) => {
        const { type, data, dims } = results[name]!;
        return [name, { type, data, dims }];
      });
      port.postMessage({ id, feeds: numbers, outputs: Object.fromEntries(outputs) }, memory);
    } catch (error) {
      port.postMessage({ id, feeds: numbers, error: (error as Error).message }, memory);
    }
  }

  async function serve(): Promise<void> {
    // The overloads tell a path from bytes, and take either.
    const session = await ort.InferenceSession.create(source as string, options);
    // A model that was written anew meanwhile is another model, and must answer none of the rows.
    const other = files.find(({ path, changed }) => statSync(path, { bigint: true }).ctimeNs !== changed);
    if (other) throw new Error(`${other.path} has changed`);
    let running: Promise<unknown> = Promise.resolve();
    port.on('message', async (job: Job | null) => {
      if (job) {
        running = Promise.all([running, run(session, job)]);
        return;
      }
      await running;
      await session.release();
      port.close();
    });
    port.postMessage('ready');
  }
  void serve();
}
