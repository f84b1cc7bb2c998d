import { isRastroError } from '@rastro/fault';
import type { Policy } from '@rastro/registry';
import type { ChainedEntry } from './chain.ts';
import { type Envelope, preAuthenticationEncoding } from './envelope.ts';
import { fingerprint, parsePublicKey, type SshKey, signerOf, type TrailCrypto } from './ssh-signature.ts';

interface Signers {
  readonly keys: readonly SshKey[];
  readonly broken: boolean;
}

const UNSIGNED: Signers = { keys: [], broken: false };

/** What is known of envelopes and policies already: several steps of an audit ask the same of each. */
const signersOfEnvelope = new WeakMap<Envelope, Signers>();
const marksOfPolicy = new WeakMap<Policy, Map<string, string | undefined>>();

/** Keys whose signatures over the entry hold; `broken` when one does not. */
export function signersOf({ envelope }: ChainedEntry, crypto: TrailCrypto): Signers {
  if (!envelope) return UNSIGNED;
  const known = signersOfEnvelope.get(envelope);
  if (known) return known;
  const message = preAuthenticationEncoding(envelope.payload);
  const found = envelope.signatures.map(({ sig }) => signerOf({ signature: sig, message, crypto }));
  const signers = {
    keys: found.filter((key) => key !== undefined),
    broken: found.some((key) => key === undefined),
  };
  signersOfEnvelope.set(envelope, signers);
  return signers;
}

/** The name under which a policy knows a key, when it may sign that kind of entry. */
export function signerName(
  policy: Policy | undefined,
  key: SshKey,
  kind: string,
  crypto: TrailCrypto,
): string | undefined {
  if (!policy) return undefined;
  const mark = fingerprint(key, crypto);
  return Object.entries(policy.signatures?.signers ?? {}).find(
    ([, signer]) =>
      (signer.kinds === undefined || signer.kinds.some((allowed) => allowed === kind)) &&
      markOf(signer.key, policy, crypto) === mark,
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

/** The fingerprint of a key that a policy lists; undefined when the line is no key. */
function markOf(line: string, policy: Policy, crypto: TrailCrypto): string | undefined {
  const marks = marksOfPolicy.get(policy) ?? new Map<string, string | undefined>();
  marksOfPolicy.set(policy, marks);
  if (!marks.has(line)) marks.set(line, fingerprintOf(line, crypto));
  return marks.get(line);
}

function fingerprintOf(line: string, crypto: TrailCrypto): string | undefined {
  try {
    return fingerprint(parsePublicKey(line), crypto);
  } catch (error) {
    if (isRastroError(error)) return undefined;
    throw error;
  }
}
