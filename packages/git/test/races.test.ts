import { createServer, request as forward, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname } from 'node:path';
import { serveGit, temporaryRepository } from '@rastro/testkit';
import { expect, test } from 'vitest';
import { openRepository } from '../src/index.ts';

const author = { name: 'Ada Example', email: 'ada@example.com' };
const append = (n: number, tags: { name: string; objectId: string }[] = []) => ({
  head: undefined,
  entries: [{ path: `entries/${n}.json`, content: `${n}\n`, message: `entry ${n}\n` }],
  tags,
  author,
  at: 1767225600 + n,
});

for (const remote of [true, false]) {
  test(`of several appends to one head exactly one is accepted, ${remote ? 'at a remote' : 'without a remote'}`, async () => {
    await using work = await temporaryRepository({ files: { 'a.txt': 'a\n' }, remote });
    const repository = await openRepository(work.directory);
    const results = await Promise.all([0, 1, 2, 3].map((n) => repository.appendTrail(append(n))));
    const accepted = results.filter((result) => result.status === 'accepted');
    expect(accepted).toHaveLength(1);
    expect(await repository.trailHead()).toBe(accepted[0]?.head);
  });

  test(`of several that make one tag exactly one is accepted, ${remote ? 'at a remote' : 'without a remote'}`, async () => {
    await using work = await temporaryRepository({ files: { 'a.txt': 'a\n' }, remote });
    const repository = await openRepository(work.directory);
    const first = await repository.appendTrail(append(0));
    if (first.status !== 'accepted') throw new Error('the first append was rejected');
    const target = await repository.head();
    const results = await Promise.all(
      [1, 2, 3].map(async (n) => {
        const tag = {
          name: 'm@v1.0.0',
          target,
          message: `by ${n}`,
          tagger: author,
          taggedAt: 1767225600 + n,
        };
        const objectId = await repository.makeTagObject(tag);
        const result = await repository.appendTrail({
          ...append(n, [{ name: tag.name, objectId }]),
          head: first.head,
        });
        return { ...result, objectId };
      }),
    );
    const accepted = results.filter(({ status }) => status === 'accepted');
    expect(accepted).toHaveLength(1);
    expect((await repository.tags()).map(({ objectId }) => objectId)).toEqual([accepted[0]?.objectId]);
  });
}

for (const remote of [true, false]) {
  test.each([
    {
      ref: 'refs/heads/rastro',
      says: 'the branch rastro/trail cannot be made while there is the branch rastro:',
    },
    { ref: 'refs/heads/rastro/trail/old', says: 'while there is the branch rastro/trail/old' },
    {
      ref: 'refs/tags/m@v1.0.0/x',
      says: 'the tag m@v1.0.0 cannot be made while there is the tag m@v1.0.0/x',
    },
    { ref: 'refs/tags/m@v1.0.0', says: 'there is the tag m@v1.0.0 already, and it is not an annotated tag' },
  ])(
    `what no other decision could mend is no lost race, ${remote ? 'at a remote' : 'without a remote'}: $ref`,
    async ({ ref, says }) => {
      await using work = await temporaryRepository({ files: { 'a.txt': 'a\n' }, remote });
      const repository = await openRepository(work.directory);
      if (remote) await work.git('push', '--quiet', 'origin', `HEAD:${ref}`);
      else await work.git('update-ref', ref, 'HEAD');
      const tag = { name: 'm@v1.0.0', target: await repository.head(), message: 'm', tagger: author };
      const objectId = await repository.makeTagObject({ ...tag, taggedAt: 1767225600 });
      await expect(repository.appendTrail(append(0, [{ name: tag.name, objectId }]))).rejects.toThrow(says);
      expect(await repository.trailHead()).toBeUndefined();
    },
  );
}

/** A proxy that passes everything on, and hangs up instead of answering a push that the server has taken. */
async function losingAnswers(target: string): Promise<{ url: string; server: Server }> {
  const server = createServer((request, response) => {
    const isPush = request.method === 'POST' && request.url?.endsWith('/git-receive-pack') === true;
    const onward = forward(
      `${target}${request.url}`,
      { method: request.method, headers: request.headers },
      (answer) => {
        if (isPush) {
          answer.resume().on('end', () => response.destroy());
        } else {
          response.writeHead(answer.statusCode ?? 500, answer.headers);
          answer.pipe(response);
        }
      },
    );
    request.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

test('a push that the remote took, and whose answer was lost, counts as accepted', async () => {
  await using work = await temporaryRepository({ files: { 'a.txt': 'a\n' }, remote: true });
  const backend = await serveGit(dirname(work.remote ?? ''));
  const { url, server } = await losingAnswers(backend.url);
  try {
    await work.git('remote', 'set-url', 'origin', `${url}/remote.git`);
    const repository = await openRepository(work.directory);
    const result = await repository.appendTrail(append(1));
    expect(result).toEqual({ status: 'accepted', head: await repository.trailHead() });
  } finally {
    server.close();
    await backend.stop();
  }
});
