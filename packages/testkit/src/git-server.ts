import { spawn } from 'node:child_process';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { inheritedEnvironment, isolatedGitEnvironment } from './git.ts';
import { listenOnLoopback } from './loopback.ts';

export interface GitServer {
  /** Base URL; a repository is at `<url>/<its path below the root>`. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Serves every bare repository below a directory over loopback HTTP, to read and to push. */
export async function serveGit(root: string): Promise<GitServer> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://loopback');
    answerGit({ root, path: decodeURIComponent(pathname) }, request, response);
  });
  return listenOnLoopback(server);
}

/** Answers one request of Git's smart HTTP protocol, for a path below a root, by way of `git http-backend`. */
export function answerGit(
  place: { root: string; path: string },
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const url = new URL(request.url ?? '/', 'http://loopback');
  const backend = spawn('git', ['http-backend'], {
    env: {
      ...inheritedEnvironment(),
      ...isolatedGitEnvironment,
      GIT_PROJECT_ROOT: place.root,
      GIT_HTTP_EXPORT_ALL: '1',
      REQUEST_METHOD: request.method ?? 'GET',
      PATH_INFO: place.path,
      QUERY_STRING: url.search.slice(1),
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      REMOTE_USER: 'loopback',
      ...optional('CONTENT_LENGTH', request.headers['content-length']),
      ...optional('HTTP_CONTENT_ENCODING', request.headers['content-encoding']),
      ...optional('GIT_PROTOCOL', request.headers['git-protocol']),
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  request.pipe(backend.stdin);
  // The backend may answer and leave before it has read everything that was sent.
  backend.stdin.on('error', () => request.resume());
  backend.on('error', (error) => response.writeHead(500).end(error.message));
  relayCgi(backend.stdout, response);
}

function optional(name: string, value: string | string[] | undefined): Record<string, string> {
  return value === undefined ? {} : { [name]: String(value) };
}

/** Passes on a CGI answer: header lines, an empty line, then the body. */
function relayCgi(output: NodeJS.ReadableStream, response: ServerResponse): void {
  let head = Buffer.alloc(0);
  const onData = (chunk: Buffer) => {
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf('\r\n\r\n');
    if (end < 0) return;
    output.off('data', onData);
    const headers = head.subarray(0, end).toString('latin1').split('\r\n').map(parseHeader);
    const status = headers.find(([name]) => name.toLowerCase() === 'status')?.[1];
    for (const [name, value] of headers) if (name.toLowerCase() !== 'status') response.setHeader(name, value);
    response.writeHead(status ? Number.parseInt(status, 10) : 200);
    response.write(head.subarray(end + 4));
    output.pipe(response);
  };
  output.on('data', onData);
  output.on('end', () => {
    if (!response.headersSent) response.writeHead(500).end();
  });
}

function parseHeader(line: string): [string, string] {
  const colon = line.indexOf(':');
  return [line.slice(0, colon), line.slice(colon + 1).trim()];
}
