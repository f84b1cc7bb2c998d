import { createHash } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { commitMessage, decodeEntry, encodeEntry, entryPath, nextEntry } from '@rastro/trail';
import { openRepository } from '../src/index.ts';

/** Appends one annotation to a clone's trail, again and again until it is accepted: one of many such processes. */
const [directory = '', reason = ''] = process.argv.slice(2);
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const repository = await openRepository(directory);
const repositoryId = await repository.rootCommit();
for (;;) {
  const head = await repository.trailHead();
  const last = head === undefined ? undefined : (await repository.trail(head)).at(-1)?.added[0];
  const end = last ? { seq: decodeEntry(last.bytes).entry.seq, sha256: sha256(last.bytes) } : undefined;
  const entry = nextEntry(end, {
    kind: 'annotate',
    event: { skips: [], reason, withdraws: null },
    repositoryId,
    recordedAt: '2026-01-02T03:04:05Z',
    recordedBy: { login: reason, id: null },
  });
  const content = encodeEntry(entry);
  const result = await repository.appendTrail({
    head,
    entries: [
      { path: entryPath(entry), content, message: commitMessage(entry, sha256(Buffer.from(content))) },
    ],
    tags: [],
    author: { name: 'Ada Example', email: 'ada@example.com' },
    at: Date.parse(entry.recordedAt) / 1000,
  });
  if (result.status === 'accepted') break;
  await setTimeout(Math.random() * 1000);
}
