import type { AnnotatedTag } from '@rastro/registry';
import { auditGate, gateOf } from './audit-gate.ts';
import { auditSignatures, auditTrustRoot } from './audit-identity.ts';
import { auditData, auditOrigin } from './audit-origin.ts';
import { auditFiles, auditTags } from './audit-tags.ts';
import { type Chain, type TrailCommit, verifyChain } from './chain.ts';
import { counted } from './counted.ts';
import { type EntryOf, entryPath } from './entry.ts';
import type { EventOf } from './event.ts';
import { type PolicyHistory, policyHistory } from './policy-history.ts';
import { skipsOf } from './skips.ts';
import type { TrailCrypto } from './ssh-signature.ts';
import { modelState } from './state.ts';

export type StepName =
  | 'trust-root'
  | 'chain'
  | 'signatures'
  | 'deployment'
  | 'origin'
  | 'data'
  | 'evaluation'
  | 'approvals'
  | 'policy'
  | 'tags'
  | 'files';

/** `not-asked`: the caller gave nothing to check it against. */
export type StepStatus = 'verified' | 'violated' | 'unprovable' | 'not-asked';

export interface AuditStep {
  readonly step: StepName;
  readonly status: StepStatus;
  readonly sentence: string;
  /** Entry files, commits and tags that it rests on. */
  readonly evidence: readonly string[];
  /** What it takes on the word of the trail alone. */
  readonly limit?: string;
}

/** What a policy judges of an evaluation. */
export type StatedEvaluation = Pick<EventOf<'evaluate'>, 'metrics' | 'goals' | 'slices'>;

/** What an audit reads besides the trail, all of it from the clone. "Not in this clone" is undefined or `absent`. */
export interface AuditReader {
  /** The policy as each of the commits holds it, in the order asked for. */
  policies(
    commits: readonly string[],
  ): Promise<readonly ({ readonly blob: string; readonly bytes: Uint8Array } | undefined)[]>;
  /** All annotated tags. */
  tags(): Promise<readonly AnnotatedTag[]>;
  /** Which of the commits are there, and which of them the protected branch reaches. */
  whereAre(commits: readonly string[]): Promise<ReadonlyMap<string, 'protected' | 'unprotected' | 'absent'>>;
  /**
   * The evaluation record of a model as a commit holds it: its bytes, and what it states; null when that cannot be read.
   */
  evaluation(
    commit: string,
    model: string,
  ): Promise<{ readonly bytes: Uint8Array; readonly states: StatedEvaluation | null } | undefined>;
  /** Whether history leads from each of the commits to the last, or they are the same. */
  leadTo(commits: readonly string[], last: string): Promise<boolean>;
}

export interface AuditRequest {
  readonly model: string;
  readonly environment: string;
  readonly commits: readonly TrailCommit[];
  readonly repositoryId: string;
  readonly reader: AuditReader;
  readonly crypto: TrailCrypto;
  /** `SHA256:…` of the key that must have signed the first entry. */
  readonly trustRoot?: string;
  /** A commit that the trail must contain. */
  readonly expectHead?: string;
  /** Files in hand, to be compared with what the trail says they are. */
  readonly files?: readonly { readonly path: string; readonly sha256: string }[];
}

export interface Audit {
  readonly status: 'verified' | 'violated' | 'unprovable';
  readonly steps: readonly AuditStep[];
  /** The deployed version, when one is recorded. */
  readonly deployed: { readonly version: string; readonly sha256: string } | null;
  /** What this audit cannot prove, in sentences. */
  readonly limits: readonly string[];
}

/** What the steps share. */
export interface AuditContext extends AuditRequest {
  readonly chain: Chain;
  readonly policies: PolicyHistory;
}

const MOST_FAULTS_TOLD = 5;

/**
 * Follows a deployed model back to what it was made from and to why it was let through. What contradicts itself is
 * violated, what is not recorded is unprovable; both are told step by step.
 */
export async function audit(request: AuditRequest): Promise<Audit> {
  const { commits, repositoryId, crypto, expectHead } = request;
  const chain = verifyChain({
    commits,
    sha256: crypto.sha256,
    repositoryId,
    ...(expectHead === undefined ? {} : { expectHead }),
  });
  const context = { ...request, chain, policies: await policyHistory(chain.entries, request.reader, crypto) };
  const deploy = modelState(chain.entries, request.model).deployed.get(request.environment);
  const steps = [
    auditTrustRoot(context),
    auditChain(context),
    auditSignatures(context),
    auditDeployment(context, deploy),
    ...(deploy ? await stepsOfDeployment(context, deploy) : []),
  ];
  return {
    status: overall(steps),
    steps,
    deployed: deploy ? { version: deploy.event.version, sha256: deploy.event.sha256 } : null,
    limits: [...limitsOf(context), ...steps.flatMap(({ limit }) => limit ?? [])],
  };
}

async function stepsOfDeployment(context: AuditContext, deploy: EntryOf<'deploy'>): Promise<AuditStep[]> {
  const gate = gateOf(context, deploy);
  return [
    await auditOrigin(context, deploy),
    auditData(context, deploy),
    ...(await auditGate(context, deploy, gate)),
    await auditTags(context, deploy, 'kind' in gate ? gate : undefined),
    auditFiles(context, deploy),
  ];
}

function overall(steps: readonly AuditStep[]): Audit['status'] {
  if (steps.some(({ status }) => status === 'violated')) return 'violated';
  return steps.some(({ status }) => status === 'unprovable') ? 'unprovable' : 'verified';
}

function auditChain({ chain, commits }: AuditContext): AuditStep {
  if (commits.length === 0) {
    return {
      step: 'chain',
      status: 'unprovable',
      sentence: 'There is no trail in this clone.',
      evidence: [],
    };
  }
  if (chain.faults.length === 0) {
    return {
      step: 'chain',
      status: 'verified',
      sentence: `The trail is one unbroken chain of ${counted(chain.entries.length, 'entry', 'entries')}.`,
      evidence: [commits.at(-1)?.commit ?? ''],
    };
  }
  const told = chain.faults.slice(0, MOST_FAULTS_TOLD);
  const rest = chain.faults.length - told.length;
  const list = told.map(({ code, path, commit, message }) => `${path ?? commit}: ${message} (${code})`);
  return {
    step: 'chain',
    status: 'violated',
    sentence: `The trail was tampered with. ${list.join('; ')}${rest > 0 ? `; and ${rest} more` : ''}.`,
    evidence: told.map(({ commit }) => commit),
  };
}

function auditDeployment(
  { chain, model, environment }: AuditContext,
  deploy: EntryOf<'deploy'> | undefined,
): AuditStep {
  if (!deploy) {
    return {
      step: 'deployment',
      status: 'unprovable',
      sentence: `No successful deployment of ${model} to ${environment} is recorded.`,
      evidence: [],
    };
  }
  const { version, sha256 } = deploy.event;
  const { releases, withdrawn } = modelState(chain.entries, model);
  const release = releases.get(version);
  const evidence = [entryPath(deploy), ...(release ? [entryPath(release)] : [])];
  if (!release || release.seq > deploy.seq) {
    return {
      step: 'deployment',
      status: 'unprovable',
      sentence: `${model} ${version} was deployed to ${environment}, but no release before that is recorded.`,
      evidence,
    };
  }
  if (release.event.sha256 !== sha256) {
    return {
      step: 'deployment',
      status: 'violated',
      sentence: `The file deployed as ${model} ${version} is ${sha256}, and the one released is ${release.event.sha256}.`,
      evidence,
    };
  }
  const withdrawal = withdrawn.get(version);
  if (withdrawal) {
    const when = withdrawal.seq < deploy.seq ? 'before' : 'since';
    return {
      step: 'deployment',
      status: 'violated',
      sentence: `${environment} was given ${model} ${version} on ${deploy.recordedAt}, which was withdrawn ${when} by ${entryPath(withdrawal)}: ${withdrawal.event.reason}.`,
      evidence: [...evidence, entryPath(withdrawal)],
    };
  }
  return {
    step: 'deployment',
    status: 'verified',
    sentence: `${environment} was given ${model} ${version}, sha256 ${sha256}, on ${deploy.recordedAt}.`,
    evidence,
  };
}

function limitsOf(context: AuditContext): string[] {
  const { chain, expectHead, trustRoot, commits } = context;
  const unsigned = chain.entries.filter(({ envelope }) => envelope === null).length;
  const limits = ['It does not show what is running now, only what was recorded as deployed.'];
  if (expectHead === undefined) {
    limits.push(
      `It does not show that ${commits.at(-1)?.commit ?? 'an empty trail'} is the newest head of the trail, nor that its last entry was never replaced.`,
    );
  }
  if (trustRoot === undefined) {
    limits.push('No trust root was pinned: the record is consistent, but who wrote it is not proved.');
  }
  if (unsigned > 0) {
    limits.push(
      `${unsigned} of ${counted(chain.entries.length, 'entry is', 'entries are')} not signed: that they were written by whom they name is not proved.`,
    );
  }
  if (chain.entries.some(hasForgeApproval)) {
    limits.push('Approvals by review or environment are as the forge reported them at the time.');
  }
  limits.push(
    'Who asked, who the author is and when it was are as the machine that recorded them stated; what a signer states within what they may sign is believed.',
    'It takes the default branch of this clone for the protected one: that the forge protects it, "rastro doctor" asks.',
    'That a policy was the newest on its branch is only shown against those that earlier decisions went by.',
  );
  const takenBack = takenBackOf(context);
  if (takenBack.length > 0) limits.push(`Not counted, as it was taken back: ${takenBack.join('; ')}.`);
  return limits;
}

/** What annotations took back about the model, by whom and why. */
function takenBackOf({ chain, model }: AuditContext): string[] {
  const { skips } = skipsOf(chain.entries);
  const bySeq = new Map(chain.entries.map(({ entry }) => [entry.seq, entry]));
  return [...skips].flatMap(([skipped, by]) => {
    const [target, annotation] = [bySeq.get(skipped), bySeq.get(by)];
    if (!target || annotation?.kind !== 'annotate') return [];
    if ('model' in target.event && target.event.model !== model) return [];
    return [`${entryPath(target)} by ${annotation.recordedBy.login}: ${annotation.event.reason}`];
  });
}

function hasForgeApproval({ entry }: Chain['entries'][number]): boolean {
  if (entry.kind !== 'gate' && entry.kind !== 'promote' && entry.kind !== 'rollback') return false;
  return entry.event.approvals.some(({ source }) => source !== 'signature');
}
