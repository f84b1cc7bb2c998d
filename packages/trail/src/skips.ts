import { toBase64 } from './base64.ts';
import type { ChainedEntry } from './chain.ts';
import type { Entry } from './entry.ts';
import { claimedKey } from './ssh-signature.ts';

/** Numbers of the entries that annotations take back, each with the number of the annotation. */
export type Skips = ReadonlyMap<number, number>;

/**
 * What annotations take back. An annotation may take back what came before it, but no other annotation, no move of a stage
 * (that would be a rollback past the policy), and no "no" of somebody else: a rejection, a denied gate, a breached contract or
 * drift stays until whoever said it takes it back, with the same key when it was signed.
 */
export function skipsOf(entries: readonly ChainedEntry[]): {
  skips: Skips;
  faults: { by: ChainedEntry; message: string }[];
} {
  const skips = new Map<number, number>();
  const faults: { by: ChainedEntry; message: string }[] = [];
  // Asked again and again of long trails that take nothing back.
  if (!entries.some(({ entry }) => entry.kind === 'annotate')) return { skips, faults };
  const bySeq = new Map<number, ChainedEntry>();
  for (const chained of entries) {
    const { entry } = chained;
    if (entry.kind === 'annotate') {
      for (const seq of entry.event.skips) {
        const refusal = refusalOf(chained, bySeq.get(seq), seq);
        if (refusal !== undefined) faults.push({ by: chained, message: refusal });
        else if (!skips.has(seq)) skips.set(seq, entry.seq);
      }
    }
    bySeq.set(entry.seq, chained);
  }
  return { skips, faults };
}

function refusalOf(by: ChainedEntry, chained: ChainedEntry | undefined, seq: number): string | undefined {
  const target = chained?.entry;
  if (!target) return `it skips entry ${seq}, which does not come before it`;
  if (target.kind === 'annotate') return `it skips entry ${seq}, which is an annotation`;
  if (target.kind === 'promote' || target.kind === 'rollback')
    return `it skips entry ${seq}, which moved a stage: only a promotion or a rollback moves it again`;
  const speaker = speakerOfNo(target);
  if (speaker === undefined) return undefined;
  const keys = keysOf(chained);
  if (keys.length > 0 && !keysOf(by).some((key) => keys.includes(key))) {
    return `it skips entry ${seq}, a "no" that only its signer may take back`;
  }
  if (speaker.toLowerCase() !== by.entry.recordedBy.login.toLowerCase()) {
    return `it skips entry ${seq}, a "no" that only ${speaker} may take back`;
  }
  return undefined;
}

function speakerOfNo(entry: Entry): string | undefined {
  if (entry.kind === 'approve' && entry.event.verdict === 'rejected') return entry.event.by.login;
  if (entry.kind === 'gate' && !entry.event.allowed) return entry.event.actor.login;
  if (entry.kind === 'data-check' && entry.event.verdict === 'breach') return entry.recordedBy.login;
  if (entry.kind === 'drift' && entry.event.verdict !== 'stable') return entry.recordedBy.login;
  return undefined;
}

/** The keys that an entry's signatures say they are by; that they are is for the audit to find. */
function keysOf({ envelope }: ChainedEntry): string[] {
  return (envelope?.signatures ?? []).flatMap(({ sig }) => {
    const key = claimedKey(sig);
    return key ? [toBase64(key.blob)] : [];
  });
}
