import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Fault, isRastroError } from '@rastro/fault';
import type { LoadedModel, NamedTensor, TensorSignature } from '@rastro/usecases';
import { z } from 'zod';

/** What is served: a model file that was released as a version. */
export interface Served {
  readonly name: string;
  readonly version: string;
  readonly sha256: string;
  readonly model: LoadedModel;
}

/** Requests above this size are refused: 16 MiB of JSON is about a million numbers. */
const MAX_BODY = 16 * 1024 * 1024;

/** ONNX Runtime's words for types, in those of the Open Inference Protocol. */
const DATATYPES: Readonly<Record<string, string>> = {
  float32: 'FP32',
  float64: 'FP64',
  float16: 'FP16',
  int8: 'INT8',
  int16: 'INT16',
  int32: 'INT32',
  int64: 'INT64',
  uint8: 'UINT8',
  uint16: 'UINT16',
  uint32: 'UINT32',
  uint64: 'UINT64',
  bool: 'BOOL',
  string: 'BYTES',
};

/** A signature speaks ONNX, whose floats have names of their own. */
const ONNX_TYPES: Readonly<Record<string, string>> = { float: 'float32', double: 'float64' };

function datatypeOf(type: string): string {
  return DATATYPES[ONNX_TYPES[type] ?? type] ?? type;
}

const Value = z.union([z.number(), z.string(), z.boolean()]);
type Nested = z.infer<typeof Value> | Nested[];
const Data: z.ZodType<Nested[]> = z.array(z.lazy(() => z.union([Value, Data])));

const InferRequest = z.object({
  id: z.string().optional(),
  inputs: z
    .array(
      z.object({
        name: z.string(),
        shape: z.array(z.number().int().nonnegative()),
        datatype: z.string(),
        data: Data,
      }),
    )
    .min(1),
  outputs: z.array(z.object({ name: z.string() })).optional(),
});

/**
 * Serves one model over HTTP in the Open Inference Protocol v2 (as KServe and Triton do): health, metadata, infer.
 * Resolves when it listens. A malformed request is answered 400 with the reason; an unknown path 404.
 */
export async function serveModel(
  served: Served,
  { port, host = '127.0.0.1' }: { port: number; host?: string },
): Promise<{ server: Server; url: string }> {
  const server = createServer((request, response) => {
    answer(served, request).then(
      ({ status, body }) => send(response, status, body),
      (error: unknown) => send(response, ...problem(error)),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return { server, url: `http://${host}:${(server.address() as AddressInfo).port}` };
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

class BadRequest extends Error {
  readonly status: number;

  constructor(message: string, status = 400) {
    super(message);
    this.status = status;
  }
}

async function answer(served: Served, request: IncomingMessage): Promise<Answer> {
  const path = pathOf(request);
  const own = new Set([`/v2/models/${served.name}`, `/v2/models/${served.name}/versions/${served.version}`]);
  if (request.method === 'GET') {
    if (path === '/v2/health/live' || path === '/v2/health/ready') return { status: 200, body: {} };
    if (path === '/v2') return { status: 200, body: { name: 'rastro', version: '2', extensions: [] } };
    if (own.has(path)) return { status: 200, body: metadata(served) };
    if (path.endsWith('/ready') && own.has(path.slice(0, -'/ready'.length)))
      return { status: 200, body: { name: served.name, ready: true } };
  }
  if (request.method === 'POST' && path.endsWith('/infer') && own.has(path.slice(0, -'/infer'.length))) {
    return { status: 200, body: await infer(served, await bodyOf(request)) };
  }
  throw new BadRequest(`there is nothing at ${request.method} ${path || '/'}`, 404);
}

function pathOf({ url = '/' }: IncomingMessage): string {
  try {
    return decodeURIComponent(new URL(url, 'http://localhost').pathname).replace(/\/$/, '');
  } catch {
    throw new BadRequest('the path of the request is not well-formed');
  }
}

function metadata({ name, version, sha256, model }: Served) {
  const tensor = ({ name: tensorName, type, shape }: TensorSignature) => ({
    name: tensorName,
    datatype: datatypeOf(type),
    shape: shape.map((dimension) => (typeof dimension === 'number' ? dimension : -1)),
  });
  return {
    name,
    versions: [version],
    platform: 'onnx_onnxv1',
    inputs: model.signature.inputs.map(tensor),
    outputs: model.signature.outputs.map(tensor),
    parameters: { sha256 },
  };
}

async function infer({ name, version, model }: Served, text: string): Promise<unknown> {
  const request = parse(text);
  const inputs = request.inputs.map(({ name: input, shape, datatype, data }): NamedTensor => {
    const type = Object.keys(DATATYPES).find((key) => DATATYPES[key] === datatype);
    if (!type) throw new BadRequest(`input ${input}: unknown datatype "${datatype}"`);
    const flat = (data as unknown[]).flat(Number.POSITIVE_INFINITY) as z.infer<typeof Value>[];
    const size = shape.reduce((product, dimension) => product * dimension, 1);
    if (flat.length !== size)
      throw new BadRequest(`input ${input}: shape [${shape}] holds ${size} values, data has ${flat.length}`);
    return { name: input, type, shape, data: flat };
  });
  const outputs = await model.infer(inputs);
  const wanted = request.outputs?.map((output) => output.name);
  const unknown = wanted?.find((output) => !outputs.some((given) => given.name === output));
  if (unknown) throw new BadRequest(`there is no output "${unknown}"`);
  return {
    model_name: name,
    model_version: version,
    ...(request.id ? { id: request.id } : {}),
    outputs: outputs
      .filter((output) => !wanted || wanted.includes(output.name))
      .map(({ name: output, type, shape, data }) => ({
        name: output,
        datatype: datatypeOf(type),
        shape,
        data,
      })),
  };
}

function parse(text: string): z.infer<typeof InferRequest> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new BadRequest('the body is not JSON');
  }
  const result = InferRequest.safeParse(json);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new BadRequest(`${issue?.path.join('.') || 'the body'}: ${issue?.message}`);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > MAX_BODY) throw new BadRequest(`the body is larger than ${MAX_BODY} bytes`, 413);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function problem(error: unknown): [number, unknown] {
  if (error instanceof BadRequest) return [error.status, { error: error.message }];
  if (isRastroError(error))
    return [400, { error: error.faults.map(({ message }: Fault) => message).join('; ') }];
  return [500, { error: 'the model failed on this input' }];
}

function send(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}
