import { isRastroError } from '@rastro/fault';
import { type Policy, readPolicy } from '@rastro/registry';
import type { AuditContext, AuditReader, AuditStep } from './audit.ts';
import type { ChainedEntry } from './chain.ts';
import { entryPath } from './entry.ts';
import { preAuthenticationEncoding } from './envelope.ts';
import { fingerprint, parsePublicKey, type SshKey, signerOf, type TrailCrypto } from './ssh-signature.ts';

/** The policy that a decision names, as the clone has it. */
export interface FoundPolicy {
  readonly blob: string;
  readonly bytes: Uint8Array;
  /** Undefined when the text does not pass the schema. */
  readonly policy: Policy | undefined;
}

export interface PolicyHistory {
  /** The policy that a decision's entry names; undefined when the clone does not have it. */
  of(seq: number): FoundPolicy | undefined;
  /** The policy in force at an entry: that of the last decision up to it, and before the first, that of the first. */
  at(seq: number): FoundPolicy | undefined;
  /** Decisions that were the first to name a policy, with the policy before it. */
  readonly changes: readonly { readonly by: ChainedEntry; readonly before: FoundPolicy | undefined }[];
}

/** Reads every policy that decisions name, each once. */
export async function policyHistory(
  entries: readonly ChainedEntry[],
  reader: AuditReader,
): Promise<PolicyHistory> {
  const cache = new Map<string, FoundPolicy | undefined>();
  const bySeq = new Map<number, FoundPolicy | undefined>();
  const changes: { by: ChainedEntry; before: FoundPolicy | undefined }[] = [];
  let current: FoundPolicy | undefined;
  for (const by of entries) {
    const { entry } = by;
    if (entry.kind !== 'gate' && entry.kind !== 'promote' && entry.kind !== 'rollback') continue;
    const { commit, path } = entry.event.policy;
    const key = `${commit}:${path}`;
    if (!cache.has(key)) cache.set(key, await findPolicy(reader, commit, path));
    const found = cache.get(key);
    if (found && found.blob !== current?.blob) {
      changes.push({ by, before: current });
      current = found;
    }
    bySeq.set(entry.seq, found);
  }
  const inForce = forceAt(entries, bySeq, changes[0] && bySeq.get(changes[0].by.entry.seq));
  return { of: (seq) => bySeq.get(seq), at: (seq) => inForce.get(seq), changes };
}

function forceAt(
  entries: readonly ChainedEntry[],
  bySeq: ReadonlyMap<number, FoundPolicy | undefined>,
  first: FoundPolicy | undefined,
): Map<number, FoundPolicy | undefined> {
  const inForce = new Map<number, FoundPolicy | undefined>();
  let current = first;
  for (const { entry } of entries) {
    current = bySeq.get(entry.seq) ?? current;
    inForce.set(entry.seq, current);
  }
  return inForce;
}

async function findPolicy(
  reader: AuditReader,
  commit: string,
  path: string,
): Promise<FoundPolicy | undefined> {
  const found = await reader.policyAt(commit, path);
  if (!found) return undefined;
  try {
    return { ...found, policy: readPolicy(new TextDecoder().decode(found.bytes), path).value };
  } catch (error) {
    if (!isRastroError(error)) throw error;
    return { ...found, policy: undefined };
  }
}

/** Keys whose signatures over the entry hold; `broken` when one does not. */
export function signersOf(
  { envelope }: ChainedEntry,
  crypto: TrailCrypto,
): { keys: SshKey[]; broken: boolean } {
  if (!envelope) return { keys: [], broken: false };
  const message = preAuthenticationEncoding(envelope.payload);
  const found = envelope.signatures.map(({ sig }) => signerOf({ signature: sig, message, crypto }));
  return {
    keys: found.filter((key) => key !== undefined),
    broken: found.some((key) => key === undefined),
  };
}

/** The name under which a policy knows a key, when it may sign that kind of entry. */
export function signerName(
  policy: Policy | undefined,
  key: SshKey,
  kind: string,
  crypto: TrailCrypto,
): string | undefined {
  const mark = fingerprint(key, crypto);
  return Object.entries(policy?.signatures?.signers ?? {}).find(
    ([, signer]) =>
      (signer.kinds === undefined || signer.kinds.some((allowed) => allowed === kind)) &&
      isKey(signer.key, mark, crypto),
  )?.[0];
}

/** Whether an approval by signature bears that of the person it names, with a key that the policy knows as theirs. */
export function isSignedByApprover(
  chained: ChainedEntry,
  policy: Policy | undefined,
  crypto: TrailCrypto,
): boolean {
  const { entry } = chained;
  if (entry.kind !== 'approve') return false;
  return signersOf(chained, crypto).keys.some(
    (key) => signerName(policy, key, 'approve', crypto)?.toLowerCase() === entry.event.by.login.toLowerCase(),
  );
}

function isKey(line: string, mark: string, crypto: TrailCrypto): boolean {
  try {
    return fingerprint(parsePublicKey(line), crypto) === mark;
  } catch (error) {
    if (isRastroError(error)) return false;
    throw error;
  }
}

/** Step 1: the pinned key signed the first entry and the first policy's use; each later policy was authorised under the one before. */
export function auditTrustRoot({ chain, policies, trustRoot, crypto }: AuditContext): AuditStep {
  const step = 'trust-root' as const;
  if (trustRoot === undefined) {
    return {
      step,
      status: 'not-asked',
      sentence: 'No trust root was pinned, so that the keys are not traced to one.',
      evidence: [],
    };
  }
  const [genesis] = chain.entries;
  if (!genesis?.envelope) {
    return { step, status: 'unprovable', sentence: 'The first entry is not signed.', evidence: [] };
  }
  const isRoot = (key: SshKey) => fingerprint(key, crypto) === trustRoot;
  if (!signersOf(genesis, crypto).keys.some(isRoot)) {
    return {
      step,
      status: 'violated',
      sentence: `The first entry is not signed by the pinned key ${trustRoot}.`,
      evidence: [entryPath(genesis.entry)],
    };
  }
  for (const { by, before } of policies.changes) {
    const name = entryPath(by.entry);
    if (!by.envelope) {
      return {
        step,
        status: 'unprovable',
        sentence: `${name} is the first to use a new policy and is not signed.`,
        evidence: [name],
      };
    }
    const authorised = signersOf(by, crypto).keys.some(
      (key) => isRoot(key) || signerName(before?.policy, key, by.entry.kind, crypto) !== undefined,
    );
    if (!authorised) {
      return {
        step,
        status: 'violated',
        sentence: `${name} is the first to use a new policy, and nobody whom the policy before it trusts has signed it.`,
        evidence: [name],
      };
    }
  }
  return {
    step,
    status: 'verified',
    sentence: `The pinned key signed the first entry, and ${policies.changes.length} policies were each authorised by the one before.`,
    evidence: [entryPath(genesis.entry)],
  };
}

/** Step 3: every signature holds, and is of somebody whom the policy of that time let sign that kind of entry. */
export function auditSignatures({ chain, policies, crypto, trustRoot }: AuditContext): AuditStep {
  const step = 'signatures' as const;
  let signed = 0;
  const unknown: string[] = [];
  for (const chained of chain.entries) {
    const { entry, envelope } = chained;
    const name = entryPath(entry);
    const force = policies.at(entry.seq);
    const { keys, broken } = signersOf(chained, crypto);
    const violated = (sentence: string): AuditStep => ({
      step,
      status: 'violated',
      sentence,
      evidence: [name],
    });
    if (broken) return violated(`The signature of ${name} does not hold.`);
    if (!envelope) {
      if (force?.policy?.signatures?.required) {
        return violated(`${name} is not signed, and the policy of its time demands it.`);
      }
      continue;
    }
    signed++;
    const trusted = keys.some(
      (key) =>
        fingerprint(key, crypto) === trustRoot ||
        signerName(force?.policy, key, entry.kind, crypto) !== undefined,
    );
    if (trusted) continue;
    if (force?.policy) return violated(`${name} is signed by a key that may not sign a ${entry.kind} entry.`);
    unknown.push(name);
  }
  if (unknown.length > 0) {
    return {
      step,
      status: 'unprovable',
      sentence: `${unknown.length} entries are signed, but no policy in this clone says by whom they may be.`,
      evidence: unknown.slice(0, 5),
    };
  }
  const count = chain.entries.length;
  return {
    step,
    status: 'verified',
    sentence:
      signed === 0
        ? `None of the ${count} entries is signed, and no policy demands it.`
        : `${signed} of ${count} entries are signed, each by a key that was allowed to.`,
    evidence: [],
  };
}
