import type { IncomingMessage, ServerResponse } from 'node:http';
import { refuseAccess } from './accounts.ts';
import type { ApiDescription, MatchedOperation } from './api-description.ts';
import type { Actor, Answer, Call, Handlers } from './call.ts';
import type { RecordedRequest, Violation } from './github.ts';
import { refuseOverLimit } from './limits.ts';
import { readAll, send } from './message.ts';
import type { PlannedFailures } from './planned-failures.ts';

export interface ApiHost {
  readonly description: ApiDescription;
  readonly actors: ReadonlyMap<string, Actor>;
  readonly failures: PlannedFailures;
  readonly handlers: Handlers;
  /** Answers what no handler does. */
  readonly otherwise: (call: Call) => Promise<Answer>;
  readonly requests: RecordedRequest[];
  readonly violations: Violation[];
}

interface Received {
  readonly method: string;
  readonly address: URL;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly bytes: Buffer;
  readonly json: unknown;
  readonly actor: Actor | undefined;
  readonly matched: MatchedOperation | undefined;
}

/** Answers one request of the API and records it. */
export async function answerApi(
  host: ApiHost,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const received = await receive(host, request);
  const { method, path, matched, actor, json } = received;
  const failure = host.failures.take(received);
  if (failure?.afterwards) await decide(host, received);
  const answer: Answer = failure
    ? {
        status: failure.status,
        body: { message: failure.message ?? 'Broken on purpose' },
        ...(failure.headers ? { headers: failure.headers } : {}),
      }
    : await decide(host, received);
  host.requests.push({
    method,
    path,
    operation: matched?.name,
    login: actor?.login,
    body: json,
    status: answer.status,
  });
  if (answer.status === 0) request.socket.destroy();
  else send(response, answer);
}

async function receive(host: ApiHost, request: IncomingMessage): Promise<Received> {
  const { method = 'GET', headers } = request;
  const address = new URL(request.url ?? '/', 'http://loopback');
  const path = address.pathname.replace(/^\/uploads(?=\/)/, '');
  const bytes = await readAll(request);
  const isJson = String(headers['content-type'] ?? '').includes('json') && bytes.length > 0;
  return {
    method,
    address,
    path,
    headers,
    bytes,
    json: isJson ? JSON.parse(bytes.toString('utf8')) : undefined,
    actor: host.actors.get(String(headers.authorization ?? '').replace(/^(?:bearer|token) /i, '')),
    matched: host.description.match(method, path),
  };
}

async function decide(host: ApiHost, received: Received): Promise<Answer> {
  const { method, address, path, headers, bytes, json, actor, matched } = received;
  if (!actor) return { status: 401, body: { message: 'Bad credentials' } };
  const reasons = matched
    ? matched.check({ query: address.searchParams, json })
    : ["GitHub's description has no such operation"];
  if (matched && matched.isUpload !== (address.pathname !== path)) {
    reasons.push('uploads, and only they, go to upload_url');
  }
  if (reasons.length > 0) host.violations.push({ method, path, reasons });
  if (!matched) return { status: 501, body: { message: `No such operation: ${method} ${path}` } };
  if (reasons.length > 0) return { status: 422, body: { message: 'Validation Failed', errors: reasons } };
  const call: Call = {
    operation: matched.name,
    method,
    path,
    query: address.searchParams,
    params: matched.params,
    headers,
    bytes,
    body: (json ?? {}) as Call['body'],
    actor,
  };
  const answer = host.handlers[call.operation] ?? host.otherwise;
  return refuseAccess(call) ?? refuseOverLimit(call) ?? answer(call);
}
