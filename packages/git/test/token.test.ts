import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { temporaryRepository } from '@rastro/testkit';
import { afterEach, expect, test } from 'vitest';
import { openRepository } from '../src/index.ts';

const token = 'canary-token';
const header = `basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}`;
const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A server that keeps the authorization of every request and answers with what it is told. */
async function listen(answer: (request: IncomingMessage) => { status: number; location?: string }) {
  const seen: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers.authorization);
    const { status, location } = answer(request);
    response.writeHead(status, location ? { location } : {}).end();
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

async function failureOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return `${error}${JSON.stringify(error)}`;
  }
  throw new Error('it did not fail');
}

test('the token is sent to the remote in place of what the checkout left, and shown nowhere', async () => {
  const { url, seen } = await listen(() => ({ status: 403 }));
  await using work = await temporaryRepository({ files: { 'a.txt': 'a\n' } });
  await work.git('remote', 'add', 'origin', `${url}/repository.git`);
  await work.git('config', `http.${url}/.extraheader`, 'AUTHORIZATION: basic b2xk');
  const repository = await openRepository(work.directory, { token });
  const failure = await failureOf(repository.trailHead());
  expect(failure).toMatch('git-permission');
  expect(failure).not.toMatch(token);
  expect(failure).not.toMatch(header.slice('basic '.length));
  expect(seen).toEqual([header]);
  expect(await work.git('config', '--list')).not.toMatch(header.slice('basic '.length));
});

test('the token does not follow a redirect to another host', async () => {
  const other = await listen(() => ({ status: 404 }));
  const first = await listen(() => ({
    status: 302,
    location: `${other.url}/info/refs?service=git-upload-pack`,
  }));
  await using work = await temporaryRepository({ files: { 'a.txt': 'a\n' } });
  await work.git('remote', 'add', 'origin', `${first.url}/repository.git`);
  const repository = await openRepository(work.directory, { token });
  await failureOf(repository.trailHead());
  expect(first.seen).toEqual([header]);
  expect(other.seen).toEqual([]);
});

test('a user and password in the remote’s URL are not repeated in errors', async () => {
  const { url } = await listen(() => ({ status: 500 }));
  await using work = await temporaryRepository({ files: { 'a.txt': 'a\n' } });
  await work.git('remote', 'add', 'origin', `${url.replace('://', '://ada:secret@')}/repository.git`);
  const repository = await openRepository(work.directory);
  expect(await failureOf(repository.trailHead())).not.toMatch('secret');
});
