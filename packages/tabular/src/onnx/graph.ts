import onnxProto from 'onnx-proto';

const { AttributeProto, ModelProto, TensorProto } = onnxProto.onnx;

type Attribute = number | string | readonly string[] | Float32Array | Int32Array | { readonly int: number };
type TensorData = Float32Array | readonly number[] | readonly string[];
type ElementType = 'float' | 'int64' | 'string';

/** The versions of the format that we write: understood by ONNX Runtime 1.14 and later. */
const IR_VERSION = 8;
const OPSETS = [
  { domain: '', version: 17 },
  { domain: 'ai.onnx.ml', version: 3 },
];

const ELEMENT_TYPES = {
  float: TensorProto.DataType.FLOAT,
  int64: TensorProto.DataType.INT64,
  string: TensorProto.DataType.STRING,
};

/** Builds an ONNX model node by node. The first dimension of all inputs and outputs is the free N, the rows. */
export class GraphBuilder {
  readonly #names: Set<string>;
  readonly #nodes: onnxProto.onnx.INodeProto[] = [];
  readonly #constants: onnxProto.onnx.ITensorProto[] = [];
  readonly #inputs: onnxProto.onnx.IValueInfoProto[] = [];
  readonly #outputs: onnxProto.onnx.IValueInfoProto[] = [];

  /** @param reserved names that inputs and outputs will have, and no other value may */
  constructor(reserved: Iterable<string>) {
    this.#names = new Set(reserved);
  }

  input(name: string, type: ElementType, width: number): string {
    this.#inputs.push(valueInfo(name, type, [width]));
    return name;
  }

  /** @param shape the dimensions after N */
  output(name: string, type: ElementType, shape: readonly number[]): void {
    this.#outputs.push(valueInfo(name, type, shape));
  }

  /** Adds a constant: 32-bit floats from a Float32Array, texts, or else 64-bit integers. Returns its name. */
  constant(data: TensorData, dims: readonly number[] = [data.length]): string {
    const name = this.fresh('constant');
    this.#constants.push({ name, dims: [...dims], ...tensorData(data) });
    return name;
  }

  /** Adds a node with one output and returns the output's name. Operators of ai.onnx.ml name their domain. */
  node(
    operator: string,
    inputs: readonly string[],
    options: {
      domain?: 'ai.onnx.ml';
      attributes?: Readonly<Record<string, Attribute>>;
      output?: string;
    } = {},
  ): string {
    const output = options.output ?? this.fresh(operator);
    this.#nodes.push({
      name: `${operator}/${this.#nodes.length}`,
      opType: operator,
      domain: options.domain ?? '',
      input: [...inputs],
      output: [output],
      attribute: Object.entries(options.attributes ?? {}).map(([name, value]) => attribute(name, value)),
    });
    return output;
  }

  /** A name that no other value has. */
  fresh(stem: string): string {
    let number = 0;
    while (this.#names.has(`${stem}:${number}`)) number++;
    this.#names.add(`${stem}:${number}`);
    return `${stem}:${number}`;
  }

  /** The model's bytes. Same calls, same bytes. */
  finish(metadata: Readonly<Record<string, string>>): Uint8Array {
    return ModelProto.encode({
      irVersion: IR_VERSION,
      opsetImport: OPSETS,
      producerName: 'rastro',
      graph: {
        name: 'rastro',
        node: this.#nodes,
        initializer: this.#constants,
        input: this.#inputs,
        output: this.#outputs,
      },
      metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    }).finish();
  }
}

function valueInfo(
  name: string,
  type: ElementType,
  shape: readonly number[],
): onnxProto.onnx.IValueInfoProto {
  const dim = [{ dimParam: 'N' }, ...shape.map((dimValue) => ({ dimValue }))];
  return { name, type: { tensorType: { elemType: ELEMENT_TYPES[type], shape: { dim } } } };
}

function tensorData(data: TensorData): onnxProto.onnx.ITensorProto {
  if (data instanceof Float32Array) return { dataType: ELEMENT_TYPES.float, floatData: [...data] };
  if (isTexts(data)) return { dataType: ELEMENT_TYPES.string, stringData: data.map(utf8) };
  return { dataType: ELEMENT_TYPES.int64, int64Data: [...data] };
}

/** A number is a float attribute; `{ int }` an integer one. */
function attribute(name: string, value: Attribute): onnxProto.onnx.IAttributeProto {
  const { AttributeType } = AttributeProto;
  if (typeof value === 'number') return { name, type: AttributeType.FLOAT, f: value };
  if (typeof value === 'string') return { name, type: AttributeType.STRING, s: utf8(value) };
  if (value instanceof Float32Array) return { name, type: AttributeType.FLOATS, floats: [...value] };
  if (value instanceof Int32Array) return { name, type: AttributeType.INTS, ints: [...value] };
  if ('int' in value) return { name, type: AttributeType.INT, i: value.int };
  return { name, type: AttributeType.STRINGS, strings: value.map(utf8) };
}

function isTexts(data: readonly number[] | readonly string[]): data is readonly string[] {
  return typeof data[0] === 'string';
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
