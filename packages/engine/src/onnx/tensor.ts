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
  if (type === 'float16') {
    // The native side reads 16-bit integers, but the constructor turns them into a Float16Array, which it cannot read.
    const { buffer, byteOffset, length } = data as Float32Array;
    const tensor = new ort.Tensor('float16', new Uint16Array(length), shape);
    return Object.create(tensor, { data: { value: new Uint16Array(buffer, byteOffset, length) } }) as Tensor;
  }
  // The constructor's overloads pair each type with its array, which `pack` has done.
  return new ort.Tensor(tensorType(type) as 'float32', data as Float32Array, shape);
}
