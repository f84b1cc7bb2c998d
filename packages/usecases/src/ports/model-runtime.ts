import type { CodedTexts } from '@rastro/metrics';
import type { Batch } from './data-engine.ts';

/** One named tensor of a model's signature. A dimension is a number, or a name or null when it is free. */
export interface TensorSignature {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly (number | string | null)[];
}

export interface ModelSignature {
  readonly inputs: readonly TensorSignature[];
  readonly outputs: readonly TensorSignature[];
  readonly opset: number | null;
}

/** What to ask a model for. Feature order is the column order of a single-tensor model. */
export interface ScoringRequest {
  readonly task: 'binary' | 'multiclass' | 'regression';
  readonly features: readonly string[];
  /** The classes in the model's order, for a model that does not say so itself. */
  readonly classes?: readonly string[] | undefined;
  /** Input of the model to the columns that go into it, for inputs that do not have the names of columns. */
  readonly inputs?: Readonly<Record<string, readonly string[]>> | undefined;
  /** Which outputs are what, for a model that has several of a kind; whether its scores are logits. */
  readonly outputs?:
    | {
        readonly label?: string | undefined;
        readonly scores?: string | undefined;
        readonly logits?: boolean | undefined;
        readonly value?: string | undefined;
      }
    | undefined;
}

/**
 * Answers for a batch of N rows. `labels` are the predicted classes as texts; `scores` is row-major [N, classes.length]
 * probabilities (undefined when the model gives none), or [N] for a model of two classes that gives that of the second alone. Where
 * such a model gives no labels and no score is 0.5, so that they say the labels, there are none. `values` are regression outputs.
 */
export interface Scores {
  readonly rows: number;
  readonly labels?: CodedTexts;
  readonly classes?: readonly string[];
  readonly scores?: Float64Array;
  readonly values?: Float64Array;
  /**
   * Rows whose label is not the class of the highest probability: a model with a threshold of its own, or a converter's
   * mistake. Left out when there are none.
   */
  readonly disagreements?: number;
}

/** A tensor by name, in the words of ONNX Runtime (`float32`, `int64`, `string`, …); data is row-major. */
export interface NamedTensor {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly number[];
  readonly data: readonly (number | string | boolean)[];
}

/** The signature in, the columns it wants: `number` or `string` per feature, in `features` order. */
export interface LoadedModel {
  readonly signature: ModelSignature;
  /** The columns this model reads and as what. @throws InputError when the features do not fit the signature. */
  columns(request: ScoringRequest): { name: string; as: 'number' | 'string' }[];
  /** Scores rows whose columns are those of `columns(request)`. */
  score(request: ScoringRequest, batch: Batch): Promise<Scores>;
  /**
   * Scores batches of such rows one after another as the rows of one table. A batch may be released as soon as the next one is asked
   * for.
   */
  scoreAll(request: ScoringRequest, batches: AsyncIterable<Batch>): Promise<Scores>;
  /** Milliseconds that each of `runs` scorings of the same batch took on this machine, after some to warm up. */
  time(request: ScoringRequest, batch: Batch, runs: number): Promise<Float64Array>;
  /**
   * Runs tensors as they are, for serving; answers every output that is a tensor.
   * @throws InputError when a name, type or shape is not that of the signature.
   */
  infer(inputs: readonly NamedTensor[]): Promise<NamedTensor[]>;
  close(): Promise<void>;
}

export interface ModelRuntime {
  /** @throws InputError when the file is missing, is a pointer (Git LFS, DVC), is not ONNX, or cannot be run: with the reason. */
  load(absolutePath: string): Promise<LoadedModel>;
  /** The versions behind the numbers, for the record: `{ 'onnxruntime-node': '1.30.0' }`. */
  versions(): Promise<Record<string, string>>;
}
