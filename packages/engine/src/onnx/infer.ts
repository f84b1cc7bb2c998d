import { fault, InputError } from '@rastro/fault';
import type { NamedTensor } from '@rastro/usecases';
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import type { GraphPort } from './graph.ts';
import { shapeText } from './input-plan.ts';
import { isNumeric, pack } from './pack.ts';
import { makeTensor, tensorType } from './tensor.ts';

type Ort = typeof import('onnxruntime-node');

/**
 * The feeds for tensors that a caller gives as they are.
 * @throws InputError `tensor-mismatch` when a name, type, shape or number of values is not that of the signature
 */
export function feedsOf(
  ort: Ort,
  ports: readonly GraphPort[],
  tensors: readonly NamedTensor[],
): Record<string, Tensor> {
  const given = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const unknown = tensors.find(({ name }) => !ports.some((port) => port.name === name));
  const names = ports.map(({ name }) => name).join(', ');
  if (unknown) throw mismatch(`the model has no input ${JSON.stringify(unknown.name)}; it has ${names}`);
  if (given.size < tensors.length) throw mismatch('an input is given twice');
  return Object.fromEntries(
    ports.map((port) => {
      const tensor = given.get(port.name);
      if (!tensor) throw mismatch(`input ${JSON.stringify(port.name)} is missing; the model has ${names}`);
      return [port.name, feedOf(ort, port, tensor)];
    }),
  );
}

function feedOf(ort: Ort, port: GraphPort, { name, type, shape, data }: NamedTensor): Tensor {
  const input = `input ${JSON.stringify(name)}`;
  if (type !== tensorType(port.type)) {
    throw mismatch(`${input} is given as ${type}, and the model reads ${tensorType(port.type)}`);
  }
  const isFitting =
    shape.length === port.shape.length &&
    shape.every(
      (size, axis) => Number.isSafeInteger(size) && size >= 0 && [size, null].includes(free(port, axis)),
    );
  if (!isFitting) {
    throw mismatch(`${input} is given as [${shape.join(', ')}], and the model reads ${shapeText(port)}`);
  }
  const size = shape.reduce((product, dimension) => product * dimension, 1);
  if (data.length !== size) {
    throw mismatch(`${input} has ${data.length} values for the shape [${shape.join(', ')}]`);
  }
  const wanted = { string: 'string', bool: 'boolean' }[port.type] ?? 'number';
  if (data.some((value) => typeof value !== wanted)) {
    throw mismatch(`${input} holds a value that is not a ${wanted}`);
  }
  if (port.type !== 'string' && !isNumeric(port.type)) {
    throw mismatch(`${input} is ${port.type}, which cannot be fed`);
  }
  const values = port.type === 'string' ? (data as string[]) : Float64Array.from(data as number[], Number);
  const rows = { start: 0, count: size, size, firstRow: 0 };
  return makeTensor(ort, port.type, pack(port.type, [{ name, values }], rows), shape);
}

/** The size that an axis must have, null when it is free. */
function free({ shape }: GraphPort, axis: number): number | null {
  const dimension = shape[axis];
  return typeof dimension === 'number' ? dimension : null;
}

/** Outputs in the order of the signature. */
export function namedTensors(names: readonly string[], results: InferenceSession.ReturnType): NamedTensor[] {
  return names.map((name) => {
    const { type, dims, data } = results[name]!;
    return { name, type, shape: [...dims], data: plainValues(type, data) };
  });
}

function plainValues(type: string, data: Tensor['data']): (number | string | boolean)[] {
  if (type === 'bool') return Array.from(data as Uint8Array, (value) => value === 1);
  if (type === 'string') return data as string[];
  return Array.from(data as Iterable<number | bigint>, Number);
}

function mismatch(message: string): InputError {
  return new InputError(
    fault('tensor-mismatch', message, undefined, 'Give the inputs as the signature of the model names them.'),
  );
}
