import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { serveGit, temporaryRepository } from '@rastro/testkit';
import { verifyChain } from '@rastro/trail';
import { expect, test } from 'vitest';
import { openRepository } from '../src/index.ts';

const run = promisify(execFile);
const program = fileURLToPath(new URL('./append-one.ts', import.meta.url));
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

const WRITERS = Number(process.env.RASTRO_WRITERS ?? 16);

test('many processes append at once over HTTP, and each entry is there exactly once in one valid chain', async () => {
  await using origin = await temporaryRepository({ remote: true, files: { 'a.txt': 'a\n' } });
  await origin.push('main');
  const remote = origin.remote ?? '';
  const server = await serveGit(dirname(remote));
  try {
    const clones = await Promise.all(
      Array.from({ length: WRITERS }, () => origin.clone({ from: `${server.url}/remote.git` })),
    );
    const names = clones.map((_, index) => `writer-${index}`);
    await Promise.all(
      clones.map(({ directory }, index) =>
        run(process.execPath, ['--conditions=source', program, directory, names[index] ?? '']),
      ),
    );
    const [reader] = clones;
    const repository = await openRepository(reader?.directory ?? '');
    const commits = await repository.trail((await repository.trailHead()) ?? '');
    const { entries, faults } = verifyChain({
      commits,
      sha256,
      repositoryId: await repository.rootCommit(),
    });
    expect(faults).toEqual([]);
    expect(entries.map(({ entry }) => entry.recordedBy.login).sort()).toEqual(names.sort());
    await Promise.all(clones.map((clone) => clone.dispose()));
  } finally {
    await server.stop();
  }
}, 300_000);
