import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Column } from '../src/index.ts';

export interface Answers {
  readonly label?: readonly (string | number)[];
  /** Row-major. */
  readonly probabilities?: Float32Array;
  readonly prediction?: Float32Array;
}

/** Runs a written model in ONNX Runtime over columns, as its inputs ask for them. */
export async function answersOf(model: Uint8Array, columns: readonly Column[]): Promise<Answers> {
  const session = await InferenceSession.create(model);
  const rows = columns[0]!.data.length;
  const feeds: Record<string, Tensor> = {};
  for (const name of session.inputNames) {
    const column = columns.find((candidate) => candidate.name === name);
    feeds[name] = column ? columnTensor(column) : matrixTensor(columns, rows);
  }
  const { label, probabilities, prediction } = await session.run(feeds);
  await session.release();
  return {
    ...(label ? { label: Array.from(label.data as ArrayLike<string | bigint>, plain) } : {}),
    ...(probabilities ? { probabilities: probabilities.data as Float32Array } : {}),
    ...(prediction ? { prediction: prediction.data as Float32Array } : {}),
  };
}

function plain(label: string | bigint): string | number {
  return typeof label === 'bigint' ? Number(label) : label;
}

function columnTensor({ data }: Column): Tensor {
  if (data instanceof Float64Array) return new Tensor('float32', Float32Array.from(data), [data.length, 1]);
  return new Tensor(
    'string',
    Array.from(data, (text) => text ?? ''),
    [data.length, 1],
  );
}

function matrixTensor(columns: readonly Column[], rows: number): Tensor {
  const matrix = new Float32Array(rows * columns.length);
  columns.forEach(({ data }, index) => {
    for (let row = 0; row < rows; row++) matrix[row * columns.length + index] = Number(data[row]);
  });
  return new Tensor('float32', matrix, [rows, columns.length]);
}
