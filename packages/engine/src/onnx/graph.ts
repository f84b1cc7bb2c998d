import { encodeField, type Field, fields, integers, ProtobufError, text } from './protobuf.ts';

/** An input or output of a graph. A dimension is a number, or a name or null when it is free. */
export interface GraphPort {
  readonly name: string;
  /** In the words of the ONNX specification: `float`, `string`, `sequence(map(int64,float))`. */
  readonly type: string;
  readonly shape: readonly (number | string | null)[];
}

export interface GraphNode {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** The classes that a classifier or ZipMap node carries, in its order. */
  readonly classes?: readonly string[];
  /** What a LabelEncoder turns each of its keys into. */
  readonly relabels?: ReadonlyMap<string, string>;
}

/** What a model says about itself, without its weights. */
export interface Graph {
  readonly irVersion: number;
  /** The version of the default operator set. */
  readonly opset: number | null;
  /** Inputs that a caller must give: those without a value of their own. */
  readonly inputs: readonly GraphPort[];
  readonly outputs: readonly GraphPort[];
  readonly nodes: readonly GraphNode[];
  /** The values of small integer and string constants, by name. */
  readonly constants: ReadonlyMap<string, readonly string[]>;
  /** Where tensors say that their data is kept, as written in the file. */
  readonly externalFiles: readonly string[];
}

/** Field numbers of onnx.proto, the format's definition in the ONNX repository. */
const Model = { irVersion: 1, graph: 7, opsetImport: 8, trainingInfo: 20, functions: 25 } as const;
const GraphField = { node: 1, initializer: 5, input: 11, output: 12, sparseInitializer: 15 } as const;
const Node = { input: 1, output: 2, operator: 4, attribute: 5 } as const;
const Attribute = { name: 1, tensor: 5, graph: 6, ints: 8, strings: 9, tensors: 10, graphs: 11 } as const;
const SparseAttribute = { one: 22, many: 23 } as const;
const Tensor = { type: 2, int32s: 5, strings: 6, int64s: 7, name: 8, raw: 9, external: 13 } as const;
const Type = { tensor: 1, sequence: 4, map: 5, sparse: 8, optional: 9 } as const;

const elementTypes = [
  'undefined',
  'float',
  'uint8',
  'int8',
  'uint16',
  'int16',
  'int32',
  'int64',
  'string',
  'bool',
  'float16',
  'double',
  'uint32',
  'uint64',
  'complex64',
  'complex128',
  'bfloat16',
  'float8e4m3fn',
  'float8e4m3fnuz',
  'float8e5m2',
  'float8e5m2fnuz',
  'uint4',
  'int4',
  'float4e2m1',
];

/** Attributes that list labels. A tree ensemble has long lists of integers besides, which nobody here asks for. */
const namesLabels = /^(classlabels|keys|values)_/;

/** A list of classes is short; longer constants are weights. */
const longestConstantBytes = 1 << 20;

/**
 * Reads what an ONNX file says about itself.
 * @throws ProtobufError when the bytes are not an ONNX model
 */
export function readGraph(model: Uint8Array): Graph {
  const reading: Reading = { external: new Set(), depth: 0 };
  const body = newBody();
  let irVersion = 0;
  let opset: number | null = null;
  let hasGraph = false;
  for (const field of fields(model)) {
    if (field.number === Model.irVersion) irVersion = Number(field.integer);
    if (field.number === Model.opsetImport) opset = defaultOpset(field.bytes) ?? opset;
    if (field.number === Model.graph) {
      hasGraph = true;
      readBody(field.bytes, body, reading);
    }
    // A training graph has its graphs at 1 and 2, a function its nodes at 7.
    if (field.number === Model.trainingInfo) {
      for (const part of fields(field.bytes)) if (part.number <= 2) readBody(part.bytes, newBody(), reading);
    }
    if (field.number === Model.functions) {
      for (const part of fields(field.bytes)) if (part.number === 7) readNode(part.bytes, reading);
    }
  }
  if (!hasGraph || irVersion < 1) throw new ProtobufError('there is no graph in it');
  return {
    irVersion,
    opset,
    inputs: body.inputs.filter(({ name }) => !body.initializers.has(name)),
    outputs: body.outputs,
    nodes: body.nodes,
    constants: body.constants,
    externalFiles: [...reading.external],
  };
}

/**
 * The model with one more output, the named inner tensor. A protobuf message that is given twice is merged, so a second
 * graph that holds nothing but the output is enough.
 */
export function withOutput(model: Uint8Array, tensor: string): Uint8Array {
  const port = encodeField(1, Buffer.from(tensor));
  return Buffer.concat([model, encodeField(Model.graph, encodeField(GraphField.output, port))]);
}

/** What is carried along while a file is read. */
interface Reading {
  /** Where tensors say that their data is kept. */
  readonly external: Set<string>;
  /** How many graphs the one at hand is inside of. */
  depth: number;
}

/** Graphs in graphs, types in types: protobuf's own readers stop at as many. */
const MOST_LEVELS = 100;

interface Body {
  readonly inputs: GraphPort[];
  readonly outputs: GraphPort[];
  readonly nodes: GraphNode[];
  readonly initializers: Set<string>;
  readonly constants: Map<string, readonly string[]>;
}

function newBody(): Body {
  return { inputs: [], outputs: [], nodes: [], initializers: new Set(), constants: new Map() };
}

function readBody(bytes: Uint8Array, body: Body, reading: Reading): void {
  if (++reading.depth > MOST_LEVELS) throw tooDeep();
  for (const field of fields(bytes)) {
    switch (field.number) {
      case GraphField.node:
        body.nodes.push(readNode(field.bytes, reading));
        break;
      case GraphField.input:
        body.inputs.push(readPort(field.bytes));
        break;
      case GraphField.output:
        body.outputs.push(readPort(field.bytes));
        break;
      case GraphField.initializer: {
        const { name, values } = readTensor(field.bytes, reading);
        body.initializers.add(name);
        if (values) body.constants.set(name, values);
        break;
      }
      case GraphField.sparseInitializer:
        readSparse(field.bytes, reading);
        break;
    }
  }
  reading.depth--;
}

function tooDeep(): ProtobufError {
  return new ProtobufError(`it nests more than ${MOST_LEVELS} levels`);
}

function readNode(bytes: Uint8Array, reading: Reading): GraphNode {
  const inputs: string[] = [];
  const outputs: string[] = [];
  let operator = '';
  const lists = new Map<string, readonly string[]>();
  for (const field of fields(bytes)) {
    if (field.number === Node.input) inputs.push(text(field));
    if (field.number === Node.output) outputs.push(text(field));
    if (field.number === Node.operator) operator = text(field);
    if (field.number === Node.attribute) {
      const { name, values } = readAttribute(field.bytes, reading);
      const kind = namesLabels.exec(name)?.[1];
      if (kind && values.length > 0) lists.set(kind, values);
    }
  }
  const classes = lists.get('classlabels');
  const keys = lists.get('keys');
  const values = lists.get('values');
  const relabels =
    keys && values && keys.length === values.length
      ? new Map(keys.map((key, index) => [key, values[index]!]))
      : undefined;
  return { operator, inputs, outputs, ...(classes ? { classes } : {}), ...(relabels ? { relabels } : {}) };
}

/** The name of an attribute, and its values when it is a list of integers or texts. */
function readAttribute(bytes: Uint8Array, reading: Reading): { name: string; values: string[] } {
  const values: string[] = [];
  let name = '';
  for (const field of fields(bytes)) {
    switch (field.number) {
      case Attribute.name:
        name = text(field);
        break;
      case Attribute.tensor:
      case Attribute.tensors:
        readTensor(field.bytes, reading);
        break;
      case Attribute.graph:
      case Attribute.graphs:
        readBody(field.bytes, newBody(), reading);
        break;
      case SparseAttribute.one:
      case SparseAttribute.many:
        readSparse(field.bytes, reading);
        break;
      case Attribute.ints:
        if (namesLabels.test(name)) for (const value of integers(field)) values.push(String(value));
        break;
      case Attribute.strings:
        values.push(text(field));
        break;
    }
  }
  return { name, values };
}

function readSparse(bytes: Uint8Array, reading: Reading): void {
  // Its values and its indices are tensors.
  for (const field of fields(bytes)) if (field.number <= 2) readTensor(field.bytes, reading);
}

function readTensor(
  bytes: Uint8Array,
  reading: Reading,
): { name: string; values: readonly string[] | undefined } {
  let name = '';
  let type = '';
  let raw: Uint8Array | undefined;
  const values: string[] = [];
  const isSmall = bytes.length <= longestConstantBytes;
  for (const field of fields(bytes)) {
    if (field.number === Tensor.name) name = text(field);
    if (field.number === Tensor.type) type = elementType(field);
    if (field.number === Tensor.external) addLocation(field.bytes, reading);
    if (!isSmall) continue;
    if (field.number === Tensor.raw) raw = field.bytes;
    if (field.number === Tensor.strings) values.push(text(field));
    if (field.number === Tensor.int32s || field.number === Tensor.int64s) {
      for (const value of integers(field)) values.push(String(value));
    }
  }
  if (raw && type === 'int64') for (const value of rawIntegers(raw, 8)) values.push(value);
  if (raw && type === 'int32') for (const value of rawIntegers(raw, 4)) values.push(value);
  return { name, values: values.length > 0 ? values : undefined };
}

function rawIntegers(raw: Uint8Array, size: 4 | 8): string[] {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  return Array.from({ length: Math.floor(raw.byteLength / size) }, (_, index) =>
    String(size === 8 ? view.getBigInt64(index * 8, true) : view.getInt32(index * 4, true)),
  );
}

function addLocation(entry: Uint8Array, reading: Reading): void {
  const [key, value] = [1, 2].map((number) => one(entry, number));
  if (key && value && text(key) === 'location') reading.external.add(text(value));
}

function readPort(bytes: Uint8Array): GraphPort {
  const name = one(bytes, 1);
  const type = one(bytes, 2);
  return {
    name: name ? text(name) : '',
    ...(type ? readType(type.bytes) : { type: 'undefined', shape: [] }),
  };
}

/** A tensor that tells no shape is a matrix of any size, as those of classifiers and regressors are. */
const UNKNOWN_SHAPE = [null, null];

function readType(bytes: Uint8Array, depth = 0): Pick<GraphPort, 'type' | 'shape'> {
  if (depth > MOST_LEVELS) throw tooDeep();
  for (const { number, bytes: content } of fields(bytes)) {
    const first = one(content, 1);
    const second = one(content, 2);
    const inner = (field: Field | undefined) => (field ? readType(field.bytes, depth + 1).type : 'undefined');
    switch (number) {
      case Type.tensor:
        return {
          type: first ? elementType(first) : 'undefined',
          shape: second ? readShape(second.bytes) : UNKNOWN_SHAPE,
        };
      case Type.sequence:
        return { type: `sequence(${inner(first)})`, shape: [] };
      case Type.map:
        return { type: `map(${first ? elementType(first) : 'undefined'},${inner(second)})`, shape: [] };
      case Type.optional:
        return { type: `optional(${inner(first)})`, shape: [] };
      case Type.sparse:
        return { type: `sparse(${first ? elementType(first) : 'undefined'})`, shape: [] };
    }
  }
  return { type: 'undefined', shape: [] };
}

function readShape(bytes: Uint8Array): (number | string | null)[] {
  return [...fields(bytes)].map((dimension) => {
    const [found] = fields(dimension.bytes);
    if (found?.number === 1) return Number(found.integer);
    return found?.number === 2 && text(found) !== '' ? text(found) : null;
  });
}

function elementType(field: Field): string {
  return elementTypes[Number(field.integer)] ?? `type ${field.integer}`;
}

function defaultOpset(bytes: Uint8Array): number | undefined {
  const domain = one(bytes, 1);
  const version = one(bytes, 2);
  const isDefault = !domain || ['', 'ai.onnx'].includes(text(domain));
  return isDefault && version ? Number(version.integer) : undefined;
}

function one(bytes: Uint8Array, number: number): Field | undefined {
  for (const field of fields(bytes)) if (field.number === number) return field;
  return undefined;
}
