import type { Tensor } from 'onnxruntime-node';
import type { TensorData } from './pack.ts';

/** ONNX Runtime's word for a type of the ONNX specification. */
export function tensorType(type: string): string {
  return { float: 'float32', double: 'float64' }[type] ?? type;
}

/** A tensor over `data`, which is not copied. */
export function makeTensor(
  ort: typeof import('onnxruntime-node'),
  type: string,
  data: TensorData,
  shape: readonly number[],
): Tensor {
  // The constructor's overloads pair each type with its array, which `pack` has done.
  return new ort.Tensor(tensorType(type) as 'float32', data as Float32Array, shape);
}
