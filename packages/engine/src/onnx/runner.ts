import type { InferenceSession } from 'onnxruntime-node';
import { ModelThread, type Run } from './model-thread.ts';
import { cannotRun, runSession } from './run-session.ts';
import type { FedTensor, ThreadData } from './session-thread.ts';
import { makeTensor } from './tensor.ts';

/** A model that is open on this thread. */
export interface OpenedModel {
  readonly ort: typeof import('onnxruntime-node');
  readonly session: InferenceSession;
  readonly path: string;
}

/** How many threads of its own a model may have, and what each is started with. */
export interface ThreadPlan {
  readonly most: number;
  readonly data: ThreadData;
}

/** Milliseconds of this thread's time that a model takes before it is worth the start of another, and of each further one. */
const FIRST_AFTER = 10;
const NEXT_AFTER = 250;
/** Milliseconds that a run must take on the average to be worth handing over: that costs both threads some hundredths. */
const LEAST_RUN = 0.25;
/** Rows that are worth a first thread at once, however quick the model is. */
const MANY_ROWS = 250_000;
/** Runs that a thread has at hand, so that it need not wait while this one reads. */
const AT_HAND = 4;

/**
 * Runs a model on this thread, and once that has taken a while on threads of its own besides: this one reads on, and runs what they
 * have no room for. Which thread runs what makes no difference to the answers.
 */
export class Runner {
  readonly #model: OpenedModel;
  #plan: ThreadPlan | undefined;
  #threads: ModelThread[] = [];
  #stopping: Promise<void>[] = [];
  #taken = 0;
  #runs = 0;

  constructor(model: OpenedModel, plan?: ThreadPlan) {
    this.#model = model;
    this.#plan = plan;
  }

  /** Says how many rows are to come, in runs of thousands: for many a thread is started at once. */
  expect(rows: number): void {
    if (rows >= MANY_ROWS && this.#threads.length === 0 && this.#plan && this.#plan.most > 0)
      this.#start(this.#plan);
  }

  /**
   * Begins a run: on a thread that has room for it, or here, where it is done when this is. The memory of what is fed belongs to the run
   * until it is done.
   * @returns what rejects with InputError `model-cannot-run` when ONNX Runtime refuses
   */
  async begin(
    feeds: readonly FedTensor[],
    names: readonly string[],
  ): Promise<{ readonly done: Promise<Run> }> {
    const thread = this.#withRoom();
    if (thread) return { done: this.#there(thread, feeds, names) };
    const start = performance.now();
    const done = this.#here(feeds, names);
    // Told to whoever asks for what is done.
    await done.catch(() => {});
    if (this.#plan) this.#startMore(this.#plan, performance.now() - start);
    return { done };
  }

  /** Lets go of the threads, once all is done that was begun. Others come up when they are worth it again. */
  rest(): void {
    this.#stopping.push(...this.#threads.map((thread) => thread.stop()));
    this.#threads = [];
  }

  /** Waits until the threads are no more. */
  async close(): Promise<void> {
    this.rest();
    await Promise.all(this.#stopping);
  }

  async #here(feeds: readonly FedTensor[], names: readonly string[]): Promise<Run> {
    const { ort, session, path } = this.#model;
    const tensors = feeds.map(({ name, type, data, dims }) => [name, makeTensor(ort, type, data, dims)]);
    return { feeds, outputs: await runSession(session, path, Object.fromEntries(tensors), names) };
  }

  async #there(thread: ModelThread, feeds: readonly FedTensor[], names: readonly string[]): Promise<Run> {
    try {
      return await thread.run(feeds, names);
    } catch (error) {
      throw cannotRun(this.#model.path, error);
    }
  }

  /** The thread with the least to do, where one has room. */
  #withRoom(): ModelThread | undefined {
    const ready = this.#threads.filter(({ isReady, jobs }) => isReady && jobs < AT_HAND);
    return ready.sort((a, b) => a.jobs - b.jobs)[0];
  }

  #startMore(plan: ThreadPlan, taken: number): void {
    this.#taken += taken;
    this.#runs++;
    const { length } = this.#threads;
    const due = Math.max(length === 0 ? FIRST_AFTER : NEXT_AFTER * length, this.#runs * LEAST_RUN);
    if (length >= plan.most || this.#taken < due) return;
    this.#taken = 0;
    this.#runs = 0;
    this.#start(plan);
  }

  #start({ data }: ThreadPlan): void {
    try {
      this.#threads.push(new ModelThread(data));
    } catch {
      // The machine or its settings give this process no more of them: what it has must do.
      this.#plan = undefined;
    }
  }
}
