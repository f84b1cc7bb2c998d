import { InputError } from '@rastro/fault';
import { expect, test } from 'vitest';
import {
  decodeEntry,
  encodeEntry,
  encodeEnvelope,
  entryPath,
  preAuthenticationEncoding,
} from '../src/index.ts';
import { goodStory, sha256, wholeStory } from './story.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

test('an entry is an in-toto statement about what its event names', () => {
  const [, , , release] = goodStory().entries;
  const entry = release?.entry;
  if (entry?.kind !== 'release') throw new Error('not a release');
  expect(entryPath(entry)).toBe('entries/00000/00000003-release.json');
  const json = JSON.parse(encodeEntry(entry));
  expect(json).toMatchObject({
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: 'churn@v1.0.0', digest: { sha256: entry.event.sha256 } }],
    predicate: { seq: 3, prevSha256: goodStory().entries[2]?.sha256, event: { version: 'v1.0.0' } },
  });
  expect(json.predicateType).toMatch(/\/release\/v1$/);
  expect(decodeEntry(bytes(encodeEntry(entry)))).toEqual({ entry, envelope: null });
});

test('the same event gives the same bytes, in whatever order it was put together', () => {
  const [first] = goodStory().entries;
  const entry = first?.entry;
  if (!entry) throw new Error('no entry');
  const backwards = Object.fromEntries(Object.entries(entry.event).reverse());
  expect(encodeEntry({ ...entry, event: backwards } as typeof entry)).toBe(encodeEntry(entry));
  expect(sha256(encodeEntry(entry))).toBe(first.sha256);
});

test('what is not an entry in its one form is refused, with the reason', () => {
  const [first] = goodStory().entries;
  const text = first ? encodeEntry(first.entry) : '';
  const reasonFor = (other: string) => {
    try {
      decodeEntry(bytes(other));
      return undefined;
    } catch (error) {
      if (error instanceof InputError) return error.message;
      throw error;
    }
  };
  expect(reasonFor(text)).toBeUndefined();
  expect(reasonFor('{')).toMatch('not JSON');
  expect(reasonFor('null')).toMatch('predicateType');
  expect(reasonFor(text.replace('trail/data-check', 'trail/nonsense'))).toMatch('predicateType');
  expect(reasonFor(text.trimEnd())).toMatch('canonical');
  expect(reasonFor(text.replace('"seq": 0', '"seq": 0,\n    "extra": 1'))).toMatch('extra');
  expect(reasonFor(text.replace('"seq": 0', '"seq": -1'))).toMatch('predicate.seq');
  expect(reasonFor(text.replace('"name": "data/train.csv"', '"name": "data/other.csv"'))).toMatch('subject');
  expect(() => decodeEntry(new Uint8Array([0xff, 0xfe]))).toThrow('UTF-8');
});

test('the signed bytes are those of DSSE', () => {
  // The example of the protocol's own text: type "http://example.com/HelloWorld", body "hello world".
  expect(
    new TextDecoder().decode(
      preAuthenticationEncoding(bytes('hello world'), 'http://example.com/HelloWorld'),
    ),
  ).toBe('DSSEv1 29 http://example.com/HelloWorld 11 hello world');
});

test('an envelope is read back, and one in another form is refused', () => {
  const [first] = goodStory().entries;
  const payload = bytes(first ? encodeEntry(first.entry) : '');
  const text = encodeEnvelope({ payload, signatures: [{ keyid: 'k', sig: new Uint8Array([1, 2, 255]) }] });
  expect(decodeEntry(bytes(text))).toEqual({
    entry: first?.entry,
    envelope: { payload, signatures: [{ keyid: 'k', sig: new Uint8Array([1, 2, 255]) }] },
  });
  expect(() => decodeEntry(bytes(text.replace('"AQL/"', '"AQL_"')))).toThrow('base64');
  expect(() => decodeEntry(bytes(`${text} `))).toThrow('canonical');
});

test('the bytes of every kind of entry are what they always were: trails that are out there stay readable', async () => {
  const texts = wholeStory().entries.map(({ entry }) => `${entryPath(entry)}\n${encodeEntry(entry)}`);
  await expect(texts.join('\n')).toMatchFileSnapshot('./golden/entries.txt');
});
