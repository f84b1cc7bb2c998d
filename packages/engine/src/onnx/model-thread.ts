import { Worker } from 'node:worker_threads';
import {
  type FedTensor,
  type Job,
  type Outputs,
  type Reply,
  serveSession,
  type ThreadData,
} from './session-thread.ts';

/** A run that is done: what was answered, and what was fed, whose memory is free again. */
export interface Run {
  readonly feeds: readonly FedTensor[];
  readonly outputs: Outputs;
}

interface Waiting {
  resolve(run: Run): void;
  reject(error: Error): void;
}

/** A thread with a session of its own. It keeps no process alive but while it has work. */
export class ModelThread {
  readonly #worker: Worker;
  readonly #jobs = new Map<number, Waiting>();
  readonly #gone: Promise<void>;
  #next = 0;
  #isReady = false;
  #isStopping = false;

  constructor(data: ThreadData) {
    // Not what this process was started with: a loader or a profiler is not for a thread that runs tensors.
    this.#worker = new Worker(`(${serveSession})(require);`, { eval: true, execArgv: [], workerData: data });
    this.#worker.unref();
    this.#worker.on('message', (reply: Reply) => this.#take(reply));
    this.#worker.on('error', (error) => this.#end(error as Error));
    this.#gone = new Promise((resolve) => {
      this.#worker.once('exit', () => {
        this.#end(new Error('its thread ended'));
        resolve();
      });
    });
  }

  /** Not while it starts, and not if it could not. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** Runs that it was given and has not answered. */
  get jobs(): number {
    return this.#jobs.size;
  }

  /** Runs tensors, whose memory goes over to the thread until they come back. Rejects with what ONNX Runtime says. */
  run(feeds: readonly FedTensor[], names: readonly string[]): Promise<Run> {
    const id = this.#next++;
    const job: Job = { id, feeds, names };
    this.#worker.ref();
    this.#worker.postMessage(job, memoryIn(feeds));
    return new Promise((resolve, reject) => this.#jobs.set(id, { resolve, reject }));
  }

  /** Lets go of the session after the last of its runs, and waits until the thread is no more. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#worker.ref();
    this.#worker.postMessage(null);
    await this.#gone;
  }

  #take(reply: Reply): void {
    if (reply === 'ready') {
      this.#isReady = true;
      return;
    }
    const { resolve, reject } = this.#jobs.get(reply.id)!;
    this.#jobs.delete(reply.id);
    if (this.#jobs.size === 0 && !this.#isStopping) this.#worker.unref();
    if ('error' in reply) reject(new Error(reply.error));
    else resolve(reply);
  }

  #end(error: Error): void {
    this.#isReady = false;
    for (const { reject } of this.#jobs.values()) reject(error);
    this.#jobs.clear();
  }
}

/** Texts are copied, numbers go over. */
function memoryIn(feeds: readonly FedTensor[]): ArrayBuffer[] {
  return feeds.flatMap(({ data }) => (Array.isArray(data) ? [] : [data.buffer as ArrayBuffer]));
}
