import { onnx } from 'onnx-proto';

/** No shape at all: null. */
type Port = readonly [
  name: string,
  type: keyof typeof types,
  shape: readonly (number | string | null)[] | null,
];
type Value = number | string | readonly number[] | readonly string[];

const types = {
  float: 1,
  uint8: 2,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  double: 11,
  bfloat16: 16,
} as const;

/** A small ONNX model, written with the format's own schema. */
export function onnxModel(parts: {
  inputs: readonly Port[];
  outputs: readonly (Port | onnx.IValueInfoProto)[];
  nodes: readonly onnx.INodeProto[];
  constants?: readonly onnx.ITensorProto[];
  opset?: number;
}): Buffer {
  const info = (port: Port | onnx.IValueInfoProto) => ('length' in port ? valueInfo(port) : port);
  const model = onnx.ModelProto.create({
    irVersion: 8,
    opsetImport: [
      { domain: '', version: parts.opset ?? 15 },
      { domain: 'ai.onnx.ml', version: 2 },
    ],
    graph: {
      name: 'test',
      input: parts.inputs.map(info),
      output: parts.outputs.map(info),
      node: [...parts.nodes],
      initializer: [...(parts.constants ?? [])],
    },
  });
  return Buffer.from(onnx.ModelProto.encode(model).finish());
}

export function node(
  opType: string,
  input: string[],
  output: string[],
  attributes: Record<string, Value> = {},
): onnx.INodeProto {
  const isMl = /Classifier|ZipMap|ArrayFeatureExtractor|LabelEncoder|StringNormalizer/.test(opType);
  const domain = isMl && opType !== 'StringNormalizer' ? 'ai.onnx.ml' : '';
  return { opType, input, output, domain, attribute: Object.entries(attributes).map(attribute) };
}

export function floats(name: string, dims: number[], floatData: number[]): onnx.ITensorProto {
  return { name, dataType: types.float, dims, floatData };
}

export function int64s(name: string, values: number[]): onnx.ITensorProto {
  return { name, dataType: types.int64, dims: [values.length], int64Data: values };
}

export function strings(name: string, values: string[]): onnx.ITensorProto {
  return {
    name,
    dataType: types.string,
    dims: [values.length],
    stringData: values.map((text) => Buffer.from(text)),
  };
}

/** An output of skl2onnx's default kind: a sequence of maps from class to probability. */
export function mapsOutput(name: string): onnx.IValueInfoProto {
  const map = { keyType: types.int64, valueType: { tensorType: { elemType: types.float, shape: {} } } };
  return { name, type: { sequenceType: { elemType: { mapType: map } } } };
}

function valueInfo([name, type, shape]: Port): onnx.IValueInfoProto {
  if (!shape) return { name, type: { tensorType: { elemType: types[type] } } };
  const dim = shape.map((size) =>
    typeof size === 'number' ? { dimValue: size } : size === null ? {} : { dimParam: size },
  );
  return { name, type: { tensorType: { elemType: types[type], shape: { dim } } } };
}

const { AttributeType } = onnx.AttributeProto;

function attribute([name, value]: [string, Value]): onnx.IAttributeProto {
  if (typeof value === 'number') return { name, type: AttributeType.INT, i: value };
  if (typeof value === 'string') return { name, type: AttributeType.STRING, s: Buffer.from(value) };
  if (value.every((item) => typeof item === 'string')) {
    return { name, type: AttributeType.STRINGS, strings: value.map((text) => Buffer.from(text)) };
  }
  return name === 'coefficients' || name === 'intercepts'
    ? { name, type: AttributeType.FLOATS, floats: [...(value as number[])] }
    : { name, type: AttributeType.INTS, ints: [...(value as number[])] };
}

/** A model whose weights are said to be in another file. */
export function externalModel(location: string): Buffer {
  return onnxModel({
    inputs: [['x', 'float', [null, 2]]],
    outputs: [['y', 'float', [null, 2]]],
    nodes: [node('Add', ['x', 'w'], ['y'])],
    constants: [
      {
        name: 'w',
        dataType: 1,
        dims: [1, 2],
        dataLocation: 1,
        externalData: [{ key: 'location', value: location }],
      },
    ],
  });
}
