import type { Approval, Evidence, PromotionRequest } from '@rastro/registry';
import type { ChainedEntry } from './chain.ts';
import { type Entry, type EntryOf, entryPath } from './entry.ts';
import type { Actor, EventOf, FileDigest } from './event.ts';
import { skipsOf } from './skips.ts';
import { modelState, standingEntries } from './state.ts';

/** What a decision is asked about, besides what the trail itself tells. */
export interface GateQuestion {
  readonly model: string;
  readonly version: string;
  readonly sha256: string;
  readonly stage: string;
  readonly rollback: boolean;
  /** The evaluation record that the decision rests on; null when there is none. */
  readonly recordSha256: string | null;
  readonly actor: Actor;
  readonly author: Actor | null;
  /** Approvals that the forge holds. Those by signature are read from the trail, and from nowhere else. */
  readonly approvals: EventOf<'gate'>['approvals'];
  /** Whether an approval on the trail bears the signature of who approves. One that does not is not counted; a "no" always is. */
  readonly isSigned: (approval: ChainedEntry) => boolean;
  /** ISO 8601. */
  readonly at: string;
}

/**
 * What the policy is to judge, read from the entries before a decision. The promotion asks with the whole trail, the audit
 * with the part before the recorded decision, so that both judge the same evidence.
 */
export function gateEvidence(
  before: readonly ChainedEntry[],
  question: GateQuestion,
): { request: PromotionRequest; evidence: Evidence } {
  const { model, version, sha256, stage, rollback, actor, author, at } = question;
  const standing = standingEntries(before);
  const state = modelState(before, model);
  const holder = state.stages.get(stage);
  return {
    request: {
      model,
      version,
      sha256,
      actor,
      stages: [...(state.held.get(version) ?? [])],
      rollback,
    },
    evidence: {
      evaluation: evaluationOf(standing, question),
      dataContract: dataVerdict(standing, sha256),
      drift: driftOf(standing, question),
      approvals: approvalsOf(before, question),
      author,
      holder: holder
        ? {
            version: holder.version,
            metrics: lastOf(standing, 'evaluate', holder.sha256)?.event.metrics ?? null,
          }
        : null,
      now: Date.parse(at),
    },
  };
}

function evaluationOf(
  standing: readonly ChainedEntry[],
  { recordSha256, sha256 }: GateQuestion,
): Evidence['evaluation'] {
  const found = standing
    .map(({ entry }) => entry)
    .filter((entry) => entry.kind === 'evaluate')
    .filter(({ event }) => event.recordSha256 === recordSha256)
    .sort((a, b) => Number(a.event.sha256 === sha256) - Number(b.event.sha256 === sha256))
    .at(-1);
  return found ? { ...found.event, evaluatedAt: Date.parse(found.event.evaluatedAt) } : null;
}

/** The last comparison of the version's reference with current rows. */
function driftOf(standing: readonly ChainedEntry[], { model, version }: GateQuestion): Evidence['drift'] {
  const found = standing
    .map(({ entry }) => entry)
    .filter((entry) => entry.kind === 'drift')
    .findLast(({ event }) => event.model === model && event.version === version);
  return found
    ? {
        verdict: found.event.verdict,
        columns: found.event.columns,
        at: Date.parse(found.recordedAt),
        entry: entryPath(found),
      }
    : null;
}

function approvalsOf(before: readonly ChainedEntry[], question: GateQuestion): Approval[] {
  const { skips } = skipsOf(before);
  const onTrail = before.flatMap((chained) => {
    const { entry } = chained;
    if (entry.kind !== 'approve' || skips.has(entry.seq)) return [];
    if (entry.event.verdict === 'approved' && !question.isSigned(chained)) return [];
    const { model, version, stage, ...approval } = entry.event;
    const isAsked = model === question.model && version === question.version && stage === question.stage;
    return isAsked ? [approval] : [];
  });
  const atForge = question.approvals.filter(({ source }) => source !== 'signature');
  return [...atForge, ...onTrail].map((approval) => ({
    ...approval,
    at: Date.parse(approval.at),
  }));
}

/** The last standing entry of a kind about a model file. */
export function lastOf<K extends 'train' | 'package' | 'evaluate'>(
  standing: readonly ChainedEntry[],
  kind: K,
  sha256: string,
): EntryOf<K> | undefined {
  const isAboutFile = (entry: Entry): entry is EntryOf<K> =>
    entry.kind === kind && 'sha256' in entry.event && entry.event.sha256 === sha256;
  return standing.map(({ entry }) => entry).findLast(isAboutFile);
}

/** The training that a released file goes back to: its own, or that of the file it was packaged from. */
export function trainingOf(
  standing: readonly ChainedEntry[],
  sha256: string,
): { train: EntryOf<'train'> | undefined; packaged: EntryOf<'package'> | undefined } {
  const packaged = lastOf(standing, 'package', sha256);
  return { train: lastOf(standing, 'train', packaged?.event.trained ?? sha256), packaged };
}

export interface DataCheck {
  readonly file: FileDigest;
  readonly check: EntryOf<'data-check'> | undefined;
}

/** The last check of each file by its digest. */
export function checksOf(standing: readonly ChainedEntry[], files: readonly FileDigest[]): DataCheck[] {
  const last = new Map<string, EntryOf<'data-check'>>();
  for (const { entry } of standing) {
    if (entry.kind !== 'data-check') continue;
    for (const { sha256 } of entry.event.files) last.set(sha256, entry);
  }
  return files.map((file) => ({ file, check: last.get(file.sha256) }));
}

function dataVerdict(standing: readonly ChainedEntry[], sha256: string): Evidence['dataContract'] {
  const { train } = trainingOf(standing, sha256);
  if (!train || train.event.data.length === 0) return null;
  const checks = checksOf(standing, train.event.data);
  if (checks.some(({ check }) => check?.event.verdict === 'breach')) return 'breach';
  return checks.every(({ check }) => check !== undefined) ? 'pass' : null;
}
