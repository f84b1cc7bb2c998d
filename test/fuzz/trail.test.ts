import { createHash } from 'node:crypto';
import {
  commitMessage,
  decodeEntry,
  type Entry,
  encodeEntry,
  encodeEnvelope,
  entryPath,
  headline,
  nextEntry,
  signerOf,
  standingEntries,
  type TrailCommit,
  type TrailEvent,
  unarmor,
  verifyChain,
} from '@rastro/trail';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { trailCrypto } from '../../packages/host/src/trail-crypto.ts';
import { Actor, events, KINDS } from '../../packages/trail/src/event.ts';
import { readOrRefuse } from './answers.ts';
import { bent, damaged, hostileText } from './hostile.ts';
import { runs } from './settings.ts';
import { valid } from './valid.ts';

const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex');
const REPOSITORY = 'a'.repeat(40);
const START = Date.parse('2026-01-01T00:00:00Z');

/** An event of any kind, with whatever texts and numbers its schema allows. */
const event: fc.Arbitrary<TrailEvent> = fc.oneof(
  ...KINDS.map((kind) => valid(events[kind]).map((value) => ({ kind, event: value }) as TrailEvent)),
);
const actor = valid(Actor) as fc.Arbitrary<Actor>;

const entry = fc.tuple(event, actor).map(([one, recordedBy]) =>
  nextEntry(undefined, {
    ...one,
    repositoryId: REPOSITORY,
    recordedAt: '2026-01-01T00:00:00Z',
    recordedBy,
  }),
);
const signed = fc
  .tuple(entry, hostileText, fc.uint8Array())
  .map(([one, keyid, sig]) =>
    encodeEnvelope({ payload: Buffer.from(encodeEntry(one)), signatures: [{ keyid, sig }] }),
  );

describe('an entry', () => {
  test('is read back as it was written, signed or not', () => {
    fc.assert(
      fc.property(entry, (one) => {
        const text = encodeEntry(one);
        expect(decodeEntry(Buffer.from(text)).entry).toEqual(one);
        expect(encodeEntry(decodeEntry(Buffer.from(text)).entry)).toBe(text);
      }),
      runs(300),
    );
    fc.assert(
      fc.property(signed, (text) => {
        const { entry: one, envelope } = decodeEntry(Buffer.from(text));
        expect(Buffer.from(envelope!.payload).toString()).toBe(encodeEntry(one));
        expect(encodeEnvelope(envelope!)).toBe(text);
      }),
      runs(200),
    );
  });

  test('says what happened in one line, whatever its texts are', () => {
    fc.assert(
      fc.property(entry, (one) => {
        expect(headline(one)).not.toMatch(/[\n\r]/);
        expect(commitMessage(one, sha256(encodeEntry(one)))).toContain(`Rastro-Kind: ${one.kind}`);
        expect(entryPath(one)).toMatch(/^entries\/\d{5}\/\d{8}-[a-z-]+\.json$/);
      }),
      runs(300),
    );
  });

  const bytes = fc.oneof(
    entry.map((one) => Buffer.from(encodeEntry(one))),
    signed.map((text) => Buffer.from(text)),
  );

  test('that was damaged is refused, or says the same in its one form', () => {
    fc.assert(
      fc.property(damaged(bytes), (one) => {
        const answer = readOrRefuse(() => decodeEntry(one));
        if (!('value' in answer)) return;
        const { entry: read, envelope } = answer.value;
        expect(envelope ? encodeEnvelope(envelope) : encodeEntry(read)).toBe(Buffer.from(one).toString());
      }),
      runs(600),
    );
  });

  test('that was bent is refused, or is in its one form', () => {
    const text = bent(bytes.map((one) => JSON.parse(one.toString()) as unknown));
    fc.assert(
      fc.property(text, (one) => {
        readOrRefuse(() => decodeEntry(Buffer.from(`${JSON.stringify(one, undefined, 2)}\n`)));
      }),
      runs(600),
    );
  });
});

describe('a chain', () => {
  const chain = fc.array(fc.tuple(event, actor), { minLength: 1, maxLength: 6 }).map((records) => {
    const commits: TrailCommit[] = [];
    let end: { seq: number; sha256: string } | undefined;
    for (const [index, [one, recordedBy]] of records.entries()) {
      const at = START + index * 60_000;
      const recordedAt = `${new Date(at).toISOString().slice(0, 19)}Z`;
      const made: Entry = nextEntry(end, { ...one, repositoryId: REPOSITORY, recordedAt, recordedBy });
      const bytes = Buffer.from(encodeEntry(made));
      const digest = sha256(bytes);
      commits.push({
        commit: sha256(`${index}${digest}`).slice(0, 40),
        parents: commits.slice(-1).map(({ commit }) => commit),
        message: commitMessage(made, digest),
        committedAt: at / 1000,
        added: [{ path: entryPath(made), bytes }],
        changed: [],
      });
      end = { seq: made.seq, sha256: digest };
    }
    return commits;
  });
  const verify = (commits: readonly TrailCommit[], expectHead?: string) =>
    verifyChain({ commits, sha256, repositoryId: REPOSITORY, ...(expectHead ? { expectHead } : {}) });

  test('as it was written has no fault but an annotation of what is not there', () => {
    fc.assert(
      fc.property(chain, (commits) => {
        expect(verify(commits).faults.filter(({ code }) => code !== 'wrong-skip')).toEqual([]);
        void standingEntries(verify(commits).entries);
      }),
      runs(200),
    );
  });

  const harm = fc.record({
    how: fc.constantFrom(
      'drop',
      'swap',
      'double',
      'bytes',
      'path',
      'message',
      'time',
      'parents',
      'extra',
      'changed',
    ),
    at: fc.nat(100),
    text: hostileText.filter((text) => text !== ''),
    bytes: fc.uint8Array({ maxLength: 20 }),
  });

  test('of which anything was dropped, moved, doubled, edited or added is told, seen from the head that it had', () => {
    fc.assert(
      fc.property(chain, harm, (commits, { how, at, text, bytes }) => {
        const index = at % commits.length;
        const one = commits[index]!;
        const before = JSON.stringify(commits);
        const harmed = [...commits];
        const [file] = one.added;
        if (how === 'drop') harmed.splice(index, 1);
        if (how === 'swap') [harmed[index], harmed[0]] = [harmed[0]!, one];
        if (how === 'double') harmed.splice(index, 0, one);
        if (how === 'bytes') harmed[index] = { ...one, added: [{ path: file!.path, bytes }] };
        if (how === 'path') harmed[index] = { ...one, added: [{ path: text, bytes: file!.bytes }] };
        if (how === 'message') harmed[index] = { ...one, message: text };
        if (how === 'time') harmed[index] = { ...one, committedAt: one.committedAt + 1 };
        if (how === 'parents') harmed[index] = { ...one, parents: [...one.parents, text] };
        if (how === 'extra') harmed[index] = { ...one, added: [...one.added, { path: text, bytes }] };
        if (how === 'changed') harmed[index] = { ...one, changed: [text] };
        fc.pre(JSON.stringify(harmed) !== before);
        const known = new Set(verify(commits).faults.map(({ code }) => code));
        const { faults } = verify(harmed, commits.at(-1)!.commit);
        expect(faults.filter(({ code }) => !known.has(code)).length, how).toBeGreaterThan(0);
      }),
      runs(500),
    );
  });
});

describe('a signature', () => {
  const field = (bytes: Uint8Array) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  const fields = (...parts: (string | Uint8Array)[]) =>
    Buffer.concat(parts.map((part) => field(Buffer.from(part as string))));
  const some = fc.oneof(
    fc.uint8Array({ maxLength: 80 }),
    fc.constantFrom('nistp256', 'nistp384', 'nistp521', 'ssh-ed25519').map((text) => Buffer.from(text)),
    fc.constantFrom(32, 33, 64, 65, 97, 133, 257, 300_000).map((size) => Buffer.alloc(size, 4)),
  );
  const kind = fc.constantFrom(
    'ssh-ed25519',
    'ssh-rsa',
    'rsa-sha2-512',
    'rsa-sha2-256',
    'ssh-dss',
    'ecdsa-sha2-nistp256',
    'ecdsa-sha2-nistp521',
    'sk-ssh-ed25519@openssh.com',
    'x',
  );
  const key = fc.tuple(kind, fc.array(some, { maxLength: 4 })).map(([type, parts]) => fields(type, ...parts));
  const blob = fc
    .tuple(
      key,
      fc.constantFrom('rastro-trail', 'git'),
      some,
      fc.constantFrom('sha256', 'sha512', 'md5'),
      kind,
      some,
    )
    .map(([publicKey, namespace, reserved, hash, format, raw]) =>
      Buffer.concat([
        Buffer.from('SSHSIG'),
        Buffer.from([0, 0, 0, 1]),
        fields(publicKey, namespace, reserved, hash, fields(format, raw)),
      ]),
    );

  test('that nobody made is nobody’s, whatever its bytes are', () => {
    const any = fc.oneof({ weight: 4, arbitrary: blob }, damaged(blob), fc.uint8Array({ maxLength: 200 }));
    fc.assert(
      fc.property(any, (bytes) => {
        const message = Buffer.from('message');
        expect(signerOf({ signature: bytes, message, crypto: trailCrypto })).toBeUndefined();
      }),
      runs(600),
    );
  });

  test('in text that nobody wrote is refused, and nothing else happens', () => {
    const armored = fc.oneof(blob, fc.uint8Array()).map((bytes) => {
      const base64 = Buffer.from(bytes).toString('base64');
      return `-----BEGIN SSH SIGNATURE-----\n${base64}\n-----END SSH SIGNATURE-----\n`;
    });
    fc.assert(
      fc.property(fc.oneof(hostileText, armored), (text) => void readOrRefuse(() => unarmor(text))),
      runs(300),
    );
  });
});
