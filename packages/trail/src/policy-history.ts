import { isRastroError } from '@rastro/fault';
import { POLICY_FILE, type Policy, readPolicy } from '@rastro/registry';
import type { AuditReader } from './audit.ts';
import type { ChainedEntry } from './chain.ts';
import { type EntryOf, entryPath } from './entry.ts';
import type { TrailCrypto } from './ssh-signature.ts';

/** The policy that a decision names. */
export interface NamedPolicy {
  /** Undefined when the clone does not have it, or its text does not pass the schema. */
  readonly policy: Policy | undefined;
  /** Why it does not count; undefined when it does. */
  readonly fault: { readonly status: 'violated' | 'unprovable'; readonly sentence: string } | undefined;
}

export interface PolicyHistory {
  /** The policy that a decision's entry names. */
  of(seq: number): NamedPolicy | undefined;
  /** The policy in force at an entry: the last that counts up to it, and before the first, that one. */
  at(seq: number): Policy | undefined;
  /** Decisions that were the first to name a policy that counts, with the policy before it. */
  readonly changes: readonly { readonly by: ChainedEntry; readonly before: Policy | undefined }[];
}

type Decided = EntryOf<'gate'> | EntryOf<'promote'> | EntryOf<'rollback'>;

/** The policy in force, the entry that was first to name it, and the commits that were seen to hold it. */
interface InForce {
  readonly policy: Policy;
  readonly blob: string;
  readonly by: Decided;
  readonly commits: string[];
}

/**
 * Reads every policy that decisions name, and tells which of them count: those that are what the decision says they are, on the
 * protected branch, and no step back. Without the last, whoever may sign could go by a laxer policy of old.
 */
export async function policyHistory(
  entries: readonly ChainedEntry[],
  reader: AuditReader,
  crypto: Pick<TrailCrypto, 'sha256'>,
): Promise<PolicyHistory> {
  const decided = entries.filter(isDecided);
  const commits = [...new Set(decided.map(({ entry }) => entry.event.policy.commit))];
  const texts = await reader.policies(commits);
  const found = new Map(commits.map((commit, index) => [commit, texts[index]]));
  const places = await reader.whereAre(commits);
  const parse = policyParser();

  const bySeq = new Map<number, NamedPolicy>();
  const changes: { by: ChainedEntry; before: Policy | undefined }[] = [];
  const inForce = new Map<number, Policy | undefined>();
  let current: InForce | undefined;
  for (const by of decided) {
    const { entry } = by;
    const { commit, path, blob, sha256 } = entry.event.policy;
    const text = found.get(commit);
    const policy = text && parse(text);
    const fault = (): NamedPolicy['fault'] => {
      const short = commit.slice(0, 12);
      const violated = (sentence: string) => ({ status: 'violated' as const, sentence });
      if (path !== POLICY_FILE)
        return violated(`The decision goes by ${path}, and the policy of a repository is ${POLICY_FILE}.`);
      if (!text) {
        const sentence = `The policy of the decision, ${path} at ${short}, is not in this clone.`;
        return { status: 'unprovable', sentence };
      }
      if (text.blob !== blob || crypto.sha256(text.bytes) !== sha256)
        return violated(`The decision names another ${path} than the one in commit ${short}.`);
      if (!policy)
        return violated('The policy of the decision is not valid, so that nothing can have passed it.');
      if (places.get(commit) !== 'protected')
        return violated(
          `The policy of the decision is from commit ${short}, which is on no protected branch.`,
        );
      return undefined;
    };
    let why = fault();
    if (!why && policy) {
      if (current?.blob === blob) current.commits.push(commit);
      else if (current && !(await reader.leadTo(current.commits, commit))) {
        const sentence = `The policy of commit ${commit.slice(0, 12)} was replaced before: ${entryPath(current.by)} goes by a newer one.`;
        why = { status: 'violated', sentence };
      } else {
        changes.push({ by, before: current?.policy });
        current = { policy, blob, by: entry, commits: [commit] };
      }
    }
    bySeq.set(entry.seq, { policy, fault: why });
    if (!why) inForce.set(entry.seq, policy);
  }
  return { of: (seq) => bySeq.get(seq), at: forceAt(entries, inForce), changes };
}

function isDecided(chained: ChainedEntry): chained is ChainedEntry & { readonly entry: Decided } {
  const { kind } = chained.entry;
  return kind === 'gate' || kind === 'promote' || kind === 'rollback';
}

function forceAt(
  entries: readonly ChainedEntry[],
  decided: ReadonlyMap<number, Policy | undefined>,
): (seq: number) => Policy | undefined {
  const force = new Map<number, Policy | undefined>();
  let current = [...decided.values()][0];
  for (const { entry } of entries) {
    current = decided.get(entry.seq) ?? current;
    force.set(entry.seq, current);
  }
  return (seq) => force.get(seq);
}

/** Parses each text once, however many decisions name it. A text that is no policy is undefined. */
function policyParser(): (text: { blob: string; bytes: Uint8Array }) => Policy | undefined {
  const known = new Map<string, Policy | undefined>();
  return ({ blob, bytes }) => {
    if (!known.has(blob)) known.set(blob, parsed(bytes));
    return known.get(blob);
  };
}

function parsed(bytes: Uint8Array): Policy | undefined {
  try {
    return readPolicy(new TextDecoder().decode(bytes), POLICY_FILE).value;
  } catch (error) {
    if (isRastroError(error)) return undefined;
    throw error;
  }
}
