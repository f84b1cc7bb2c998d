import type { AuditContext, AuditStep } from './audit.ts';
import type { ChainedEntry } from './chain.ts';
import { counted } from './counted.ts';
import { type Entry, entryPath } from './entry.ts';
import type { PolicyHistory } from './policy-history.ts';
import { signerName, signersOf } from './signers.ts';
import { fingerprint, type SshKey, type TrailCrypto } from './ssh-signature.ts';

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
      (key) => isRoot(key) || signerName(before, key, by.entry.kind, crypto) !== undefined,
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
  const unlawful = unlawfulEntry(chain.entries, policies, crypto, trustRoot);
  if (unlawful) {
    return { step, status: 'violated', sentence: unlawful.sentence, evidence: [entryPath(unlawful.entry)] };
  }
  const signed = chain.entries.filter(({ envelope }) => envelope !== null);
  const unknown = signed.filter(
    (chained) =>
      policies.at(chained.entry.seq) === undefined &&
      !signersOf(chained, crypto).keys.some((key) => fingerprint(key, crypto) === trustRoot),
  );
  if (unknown.length > 0) {
    return {
      step,
      status: 'unprovable',
      sentence: `${counted(unknown.length, 'entry is', 'entries are')} signed, but no policy in this clone says by whom they may be.`,
      evidence: unknown.slice(0, 5).map(({ entry }) => entryPath(entry)),
    };
  }
  const count = chain.entries.length;
  return {
    step,
    status: 'verified',
    sentence:
      signed.length === 0
        ? `Not one of ${counted(count, 'entry', 'entries')} is signed, and no policy demands it.`
        : `${signed.length} of ${counted(count, 'entry is', 'entries are')} signed, each by a key that was allowed to.`,
    evidence: [],
  };
}

/**
 * The first entry that the policy of its time forbids: one whose signature does not hold, is of a key that may not sign its kind,
 * or is missing where the policy demands it. A promotion is not built on a trail that has one.
 */
export function unlawfulEntry(
  entries: readonly ChainedEntry[],
  policies: PolicyHistory,
  crypto: TrailCrypto,
  trustRoot?: string,
): { readonly entry: Entry; readonly sentence: string } | undefined {
  for (const chained of entries) {
    const { entry, envelope } = chained;
    const name = entryPath(entry);
    const force = policies.at(entry.seq);
    if (!envelope) {
      if (!force?.signatures?.required) continue;
      return { entry, sentence: `${name} is not signed, and the policy of its time demands it.` };
    }
    const { keys, broken } = signersOf(chained, crypto);
    if (broken) return { entry, sentence: `The signature of ${name} does not hold.` };
    if (!force) continue;
    const isTrusted = (key: SshKey) =>
      fingerprint(key, crypto) === trustRoot || signerName(force, key, entry.kind, crypto) !== undefined;
    if (!keys.some(isTrusted)) {
      return { entry, sentence: `${name} is signed by a key that may not sign a ${entry.kind} entry.` };
    }
  }
  return undefined;
}
