import { createServer } from 'node:http';
import { listenOnLoopback } from '../loopback.ts';
import type { Violation } from './github.ts';
import { send } from './message.ts';

/** Where files lie is another host than the API, and like the real one it refuses a request that brings a token along. */
export async function startStorageHost(context: {
  find: (path: string) => { contentType: string; bytes: Buffer } | undefined;
  violations: Violation[];
}): Promise<{ url: string; stop(): Promise<void> }> {
  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    const file = context.find(path);
    if (!file) {
      send(response, { status: 404 });
    } else if (request.headers.authorization !== undefined) {
      context.violations.push({ method: 'GET', path, reasons: ['a token was sent to another host'] });
      send(response, { status: 400 });
    } else {
      response.writeHead(200, { 'content-type': file.contentType, 'content-length': file.bytes.length });
      response.end(file.bytes);
    }
  });
  return listenOnLoopback(server);
}
