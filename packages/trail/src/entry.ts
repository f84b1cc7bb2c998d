import { fault, InputError } from '@rastro/fault';
import { z } from 'zod';
import { canonicalJson, isCanonicalJson } from './canonical-json.ts';
import { decodeEnvelope, type Envelope, isEnvelope } from './envelope.ts';
import { Actor, events, KINDS, type Kind, type TrailEvent } from './event.ts';

const STATEMENT = 'https://in-toto.io/Statement/v1';
const PREDICATE = 'https://github.com/rastro-ml/rastro/trail/';
const PREDICATE_VERSION = '/v1';

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'a sha256 is 64 lower-case hex digits');

const Subject = z.strictObject({ name: z.string().min(1), digest: z.strictObject({ sha256: Sha256 }) });
export type Subject = z.infer<typeof Subject>;

const link = {
  /** Place in the chain, from 0. */
  seq: z.number().int().nonnegative(),
  /** sha256 of the bytes of the file before; null at genesis. */
  prevSha256: Sha256.nullable(),
  /** Id of the repository's first commit, so that an entry of another repository is told. */
  repositoryId: z.string().regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/, 'an object id is full hex'),
  recordedAt: z.iso.datetime({ precision: 0 }),
  recordedBy: Actor,
};

const Header = z.looseObject({ predicateType: z.string() });

function statementOf(kind: Kind): z.ZodType {
  return z.strictObject({
    _type: z.literal(STATEMENT),
    subject: z.array(Subject).min(1),
    predicateType: z.literal(`${PREDICATE}${kind}${PREDICATE_VERSION}`),
    predicate: z.strictObject({ ...link, event: events[kind] }),
  });
}

const statements = new Map<string, { kind: Kind; schema: z.ZodType }>(
  KINDS.map((kind) => [`${PREDICATE}${kind}${PREDICATE_VERSION}`, { kind, schema: statementOf(kind) }]),
);

/** One event on the trail, with its place in the chain. */
export type Entry = TrailEvent & {
  readonly seq: number;
  readonly prevSha256: string | null;
  readonly repositoryId: string;
  /** ISO 8601 in UTC, whole seconds. */
  readonly recordedAt: string;
  readonly recordedBy: Actor;
  readonly subject: readonly Subject[];
};

export type EntryOf<K extends Kind> = Extract<Entry, { kind: K }>;

/** The end of a chain: the last entry's number and the sha256 of its file's bytes. Undefined before genesis. */
export type ChainEnd = { readonly seq: number; readonly sha256: string } | undefined;

/** The entry that comes next in a chain. Its subject follows from the event, so that the two cannot contradict. */
export function nextEntry(
  end: ChainEnd,
  record: TrailEvent & {
    readonly repositoryId: string;
    readonly recordedAt: string;
    readonly recordedBy: Actor;
  },
): Entry {
  const place = { seq: end ? end.seq + 1 : 0, prevSha256: end?.sha256 ?? null };
  const entry = { ...record, ...place, subject: subjectOf(record, place.prevSha256) } as Entry;
  return readStatement(JSON.parse(encodeEntry(entry)));
}

const ENTRIES_PER_FOLDER = 100;

/**
 * `entries/00000/00000012-release.json`. Git writes every folder that a commit touches anew, so that one folder of all
 * entries would make each append, and the walk over all of them, slower than the one before.
 */
export function entryPath({ seq, kind }: Pick<Entry, 'seq' | 'kind'>): string {
  const folder = String(Math.floor(seq / ENTRIES_PER_FOLDER)).padStart(5, '0');
  return `entries/${folder}/${String(seq).padStart(8, '0')}-${kind}.json`;
}

/** The one text of an entry: an in-toto Statement as canonical JSON. */
export function encodeEntry(entry: Entry): string {
  const { seq, prevSha256, repositoryId, recordedAt, recordedBy, event } = entry;
  return canonicalJson({
    _type: STATEMENT,
    subject: entry.subject,
    predicateType: `${PREDICATE}${entry.kind}${PREDICATE_VERSION}`,
    predicate: { seq, prevSha256, repositoryId, recordedAt, recordedBy, event },
  });
}

/** An entry as it was read from a file: with the envelope that carried it, when it was signed. */
export interface ReadEntry {
  readonly entry: Entry;
  readonly envelope: Envelope | null;
}

/**
 * Reads the bytes of an entry file: a statement, or a DSSE envelope around one.
 * @throws InputError naming what is wrong: not JSON, another format, a text that is not the canonical one.
 */
export function decodeEntry(bytes: Uint8Array): ReadEntry {
  const text = utf8(bytes);
  const json = parseJson(text);
  if (!isEnvelope(json)) {
    const entry = readStatement(json);
    if (!isCanonicalJson(text, json)) throw malformed('the file is not in canonical form');
    return { entry, envelope: null };
  }
  const envelope = decodeEnvelope(json);
  if (!isCanonicalJson(text, json)) throw malformed('the envelope is not in canonical form');
  const payload = utf8(envelope.payload);
  const statement = parseJson(payload);
  const entry = readStatement(statement);
  if (!isCanonicalJson(payload, statement)) throw malformed('the signed statement is not in canonical form');
  return { entry, envelope };
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function utf8(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw malformed('it is not UTF-8', cause);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw malformed('it is not JSON', cause);
  }
}

function readStatement(json: unknown): Entry {
  const header = Header.safeParse(json);
  const known = header.success ? statements.get(header.data.predicateType) : undefined;
  if (!known) throw malformed('its predicateType is not one of the trail');
  const result = known.schema.safeParse(json);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw malformed(`${issue?.path.join('.') || 'the statement'}: ${issue?.message}`);
  }
  const { subject, predicate } = result.data as {
    subject: Subject[];
    predicate: Omit<Entry, 'kind' | 'subject'>;
  };
  const entry = { kind: known.kind, ...predicate, subject } as Entry;
  if (!isSame(subjectOf(entry, entry.prevSha256), subject)) {
    throw malformed('its subject is not what its event speaks of');
  }
  return entry;
}

function isSame(a: readonly Subject[], b: readonly Subject[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ name, digest }, index) => name === b[index]?.name && digest.sha256 === b[index]?.digest.sha256)
  );
}

function malformed(why: string, cause?: unknown): InputError {
  return new InputError(
    fault(
      'trail-entry-malformed',
      `not an entry of the trail: ${why}`,
      undefined,
      'Entries are never edited: restore the trail branch from another clone.',
    ),
    { cause },
  );
}

function subjectOf(record: TrailEvent, prevSha256: string | null): Subject[] {
  const files = (list: readonly { path: string; sha256: string }[]) =>
    list.map(({ path, sha256 }) => ({ name: path, digest: { sha256 } }));
  switch (record.kind) {
    case 'data-check':
    case 'drift':
      return files(record.event.files);
    case 'train':
    case 'package':
    case 'evaluate':
      return [{ name: record.event.model, digest: { sha256: record.event.sha256 } }];
    case 'approve':
    case 'gate':
    case 'release':
    case 'promote':
    case 'rollback':
    case 'deploy':
      return [
        {
          name: `${record.event.model}@${record.event.version}`,
          digest: { sha256: record.event.sha256 },
        },
      ];
    case 'annotate':
      // An annotation speaks of the trail as it was: the file before it stands for that.
      return [{ name: 'trail', digest: { sha256: prevSha256 ?? '0'.repeat(64) } }];
  }
}
