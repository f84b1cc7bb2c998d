/** Entries, chain, envelopes, audit algorithm. */
export { type Audit, type AuditReader, type AuditStep, audit, type StatedEvaluation } from './audit.ts';
export { unlawfulEntry } from './audit-identity.ts';
export { trailTrailer } from './audit-tags.ts';
export { type Chain, type ChainedEntry, type ChainFault, type TrailCommit, verifyChain } from './chain.ts';
export { commitMessage, headline } from './commit-message.ts';
export {
  type ChainEnd,
  decodeEntry,
  type Entry,
  type EntryOf,
  encodeEntry,
  entryPath,
  nextEntry,
} from './entry.ts';
export { type Envelope, encodeEnvelope, preAuthenticationEncoding } from './envelope.ts';
export {
  type Actor,
  type Decision,
  type EventOf,
  type FileDigest,
  KINDS,
  type Kind,
  type TrailEvent,
} from './event.ts';
export { type GateQuestion, gateEvidence, trainingOf } from './gate-evidence.ts';
export { policyHistory } from './policy-history.ts';
export { isSignedByApprover, signerName, signersOf } from './signers.ts';
export { skipsOf } from './skips.ts';
export {
  fingerprint,
  SIGNATURE_NAMESPACE,
  type SshKey,
  signerOf,
  type TrailCrypto,
  unarmor,
} from './ssh-signature.ts';
export { type Holding, type ModelState, modelState, standingEntries } from './state.ts';
