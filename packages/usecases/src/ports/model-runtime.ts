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
}

/**
 * Answers for a batch of N rows. `labels` are the predicted classes as texts; `scores` is row-major [N, classes.length]
 * probabilities (undefined when the model gives none); `values` are regression outputs.
 */
export interface Scores {
  readonly rows: number;
  readonly labels?: readonly string[];
  readonly classes?: readonly string[];
  readonly scores?: Float64Array;
  readonly values?: Float64Array;
}

/** The signature in, the columns it wants: `number` or `string` per feature, in `features` order. */
export interface LoadedModel {
  readonly signature: ModelSignature;
  /** The columns this model reads and as what. @throws InputError when the features do not fit the signature. */
  columns(request: ScoringRequest): { name: string; as: 'number' | 'string' }[];
  /** Scores one batch whose columns are those of `columns(request)`. */
  score(request: ScoringRequest, batch: Batch): Promise<Scores>;
  close(): Promise<void>;
}

export interface ModelRuntime {
  /** @throws InputError when the file is missing, is a pointer (Git LFS, DVC), is not ONNX, or cannot be run: with the reason. */
  load(absolutePath: string): Promise<LoadedModel>;
  /** The versions behind the numbers, for the record: `{ 'onnxruntime-node': '1.30.0' }`. */
  versions(): Promise<Record<string, string>>;
}
