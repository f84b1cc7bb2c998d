import { fault, InputError, OutsideError } from '@rastro/fault';
import {
  type Chain,
  type ChainedEntry,
  commitMessage,
  type Entry,
  type Envelope,
  encodeEntry,
  encodeEnvelope,
  entryPath,
  fingerprint,
  nextEntry,
  preAuthenticationEncoding,
  signerName,
  type TrailEvent,
  trailTrailer,
  verifyChain,
} from '@rastro/trail';
import type { Ports, Repository } from './ports/index.ts';
import { findProtectedPolicy } from './protected-policy.ts';

/** The trail as it stands: its tip, its entries, and whose it is. */
export interface Trail {
  readonly head: string | undefined;
  readonly chain: Chain;
  readonly repositoryId: string;
}

/** A tag that is to be made together with the entries: its message names the trail that it was decided on. */
export interface PlannedTag {
  readonly name: string;
  readonly target: string;
  readonly message: string;
}

/** What to append; `events` is a function of the tags' object ids, because a release entry cites its tag. */
export interface Append {
  readonly tags: readonly PlannedTag[];
  events(tagObjects: ReadonlyMap<string, string>): readonly TrailEvent[];
}

/**
 * A decision made on one state of the trail: nothing to do any more, or something to append. `tags` are those of what was done
 * before: a run that was cut off after its push left them at the remote alone.
 */
export type Decision<T> =
  | { readonly done: T; readonly tags?: readonly string[] }
  | { readonly append: Append; readonly result: (entries: readonly Entry[]) => T };

/** Fetches and verifies the trail. Faults are told in the chain, not thrown. */
export async function readTrail(repository: Repository, sha256: Ports['sha256']): Promise<Trail> {
  const repositoryId = await repository.rootCommit();
  const head = await repository.trailHead();
  const commits = head === undefined ? [] : await repository.trail(head);
  return { head, repositoryId, chain: verifyChain({ commits, sha256, repositoryId }) };
}

/** What appending takes of the outside. */
export type TrailPorts = Pick<Ports, 'repository' | 'sha256' | 'crypto' | 'clock' | 'context' | 'progress'>;

/** Time as entries write it: ISO 8601 in UTC, whole seconds. */
export function instantOf(clock: Ports['clock']): string {
  return `${new Date(Math.floor(clock.now() / 1000) * 1000).toISOString().slice(0, 19)}Z`;
}

/** How long we try to get a word in before we give up, and the longest pause between two attempts, in milliseconds. */
const PATIENCE = 30 * 60_000;
const LONGEST_PAUSE = 4 * 60_000;

/**
 * Decides on the trail as it is and appends; when somebody else was first, reads it again and decides again.
 * @throws InputError when the trail is broken: nothing is ever built on a broken chain. OutsideError when others never let us in.
 */
export async function onTrail<T>(
  ports: TrailPorts,
  decide: (trail: Trail) => Promise<Decision<T>>,
): Promise<T> {
  const repository = await ports.repository();
  const started = ports.clock.now();
  for (let attempt = 1; ports.clock.now() - started < PATIENCE; attempt++) {
    const began = ports.clock.now();
    const trail = await readTrail(repository, ports.sha256);
    refuseBroken(trail.chain);
    const decision = await decide(trail);
    if ('done' in decision) {
      for (const tag of decision.tags ?? []) await repository.keepTag(tag);
      return decision.done;
    }
    const entries = await append(decision.append, trail, repository, ports);
    if (entries) return decision.result(entries);
    ports.progress.step('somebody else wrote to the trail first; deciding again');
    // Where many write at once an attempt takes long and is likelier to be in vain: the longer it took, the longer the pause.
    const took = Math.max(100, ports.clock.now() - began);
    await ports.clock.sleep(Math.random() * Math.min(LONGEST_PAUSE, took * 2 ** attempt));
  }
  throw new OutsideError(
    fault(
      'trail-busy',
      `others wrote to the trail for ${PATIENCE / 60_000} minutes without a pause`,
      undefined,
      'Run this step again; a concurrency group avoids the contention.',
    ),
  );
}

function refuseBroken({ faults }: Chain): void {
  if (faults.length === 0) return;
  throw new InputError(
    faults.map(({ message, path, commit }) =>
      fault(
        'trail-broken',
        `the trail is broken at ${path ?? commit}: ${message}`,
        undefined,
        'Nothing is recorded on a broken trail. Compare it with another clone and restore it.',
      ),
    ),
  );
}

async function append(
  { tags, events }: Append,
  { head, chain, repositoryId }: Trail,
  repository: Repository,
  ports: TrailPorts,
): Promise<Entry[] | undefined> {
  const { clock, context, sha256, crypto } = ports;
  const at = Math.floor(clock.now() / 1000);
  const recordedAt = instantOf(clock);
  const objects = new Map<string, string>();
  for (const { name, target, message } of tags) {
    const text = head === undefined ? `${message}\n` : `${message}\n\n${trailTrailer(head)}\n`;
    objects.set(
      name,
      await repository.makeTagObject({ name, target, message: text, tagger: context.identity, taggedAt: at }),
    );
  }
  const recordedBy = { login: context.actor, id: context.actorId ?? null };
  const entries: Entry[] = [];
  const files = [];
  let end = chain.end;
  const all = events(objects);
  await refuseUnlawful(all, repository, ports);
  for (const event of all) {
    const entry = nextEntry(end, { ...event, repositoryId, recordedAt, recordedBy });
    const statement = encodeEntry(entry);
    const envelope = await envelopeOf(statement, { context, crypto });
    const content = envelope ? encodeEnvelope(envelope) : statement;
    const digest = sha256(content);
    files.push({ path: entryPath(entry), content, message: commitMessage(entry, digest) });
    entries.push(entry);
    end = { seq: entry.seq, sha256: digest };
  }
  const { status } = await repository.appendTrail({
    head,
    entries: files,
    tags: [...objects].map(([name, objectId]) => ({ name, objectId })),
    author: context.identity,
    at,
  });
  return status === 'accepted' ? entries : undefined;
}

/** The signed envelope of a statement; null when there is no key to sign with. */
export async function envelopeOf(
  statement: string,
  { context, crypto }: Pick<Ports, 'context' | 'crypto'>,
): Promise<Envelope | null> {
  if (!context.signer) return null;
  const payload = new TextEncoder().encode(statement);
  const { key, signature } = await context.signer.sign(preAuthenticationEncoding(payload));
  return { payload, signatures: [{ keyid: fingerprint(key, crypto), sig: signature }] };
}

/**
 * Entries that the audit would refuse are not written: unsigned ones where the policy demands signatures, and those signed by
 * a key that may not sign their kind.
 */
async function refuseUnlawful(
  events: readonly TrailEvent[],
  repository: Repository,
  ports: Pick<Ports, 'context' | 'crypto' | 'sha256'>,
): Promise<void> {
  const signatures = (await findProtectedPolicy(repository, ports))?.policy;
  if (!signatures?.signatures) return;
  const { signer } = ports.context;
  if (!signer) {
    if (!signatures.signatures.required) return;
    throw new InputError(
      fault(
        'signature-required',
        'the policy demands signed entries, and there is no key to sign with',
        undefined,
        'Give the private key in the environment variable RASTRO_SIGNING_KEY, or its path in RASTRO_SIGNING_KEY_FILE.',
      ),
    );
  }
  const { key } = await signer.sign(new Uint8Array());
  const refused = events.find(({ kind }) => signerName(signatures, key, kind, ports.crypto) === undefined);
  if (!refused) return;
  throw new InputError(
    fault(
      'signer-unknown',
      `the policy does not let key ${fingerprint(key, ports.crypto)} sign a ${refused.kind} entry`,
      undefined,
      'Sign with another key, or name this one under "signatures:" in rastro.policy.yaml on the protected branch.',
    ),
  );
}

/** The last entry of a kind for which a condition holds. */
export function lastEntry<K extends Entry['kind']>(
  entries: readonly ChainedEntry[],
  kind: K,
  holds: (entry: Extract<Entry, { kind: K }>) => boolean,
): Extract<Entry, { kind: K }> | undefined {
  return entries.findLast(({ entry }) => entry.kind === kind && holds(entry as Extract<Entry, { kind: K }>))
    ?.entry as Extract<Entry, { kind: K }> | undefined;
}
