import { auditGate } from './audit-gate.ts';
import { auditSignatures, auditTrustRoot, type PolicyHistory, policyHistory } from './audit-identity.ts';
import { auditData, auditOrigin } from './audit-origin.ts';
import { auditFiles, auditTags } from './audit-tags.ts';
import { type Chain, type TrailCommit, verifyChain } from './chain.ts';
import { type EntryOf, entryPath } from './entry.ts';
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
}

/** What an audit reads besides the trail, all of it from the clone. "Not in this clone" is undefined or `absent`. */
export interface AuditReader {
  policyAt(commit: string, path: string): Promise<{ blob: string; bytes: Uint8Array } | undefined>;
  tagObject(name: string): Promise<{ objectId: string; commit: string; message: string } | undefined>;
  /** Whether a commit is there, and whether a protected branch reaches it. */
  whereIs(commit: string): Promise<'protected' | 'unprotected' | 'absent'>;
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
  const context = { ...request, chain, policies: await policyHistory(chain.entries, request.reader) };
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
    limits: limitsOf(context),
  };
}

async function stepsOfDeployment(context: AuditContext, deploy: EntryOf<'deploy'>): Promise<AuditStep[]> {
  return [
    await auditOrigin(context, deploy),
    auditData(context, deploy),
    ...(await auditGate(context, deploy)),
    await auditTags(context, deploy),
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
      sentence: `The trail is one unbroken chain of ${chain.entries.length} entries.`,
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
  const release = modelState(chain.entries, model).releases.get(version);
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
  return {
    step: 'deployment',
    status: 'verified',
    sentence: `${environment} was given ${model} ${version}, sha256 ${sha256}, on ${deploy.recordedAt}.`,
    evidence,
  };
}

function limitsOf({ chain, expectHead, trustRoot, commits }: AuditContext): string[] {
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
      `${unsigned} of ${chain.entries.length} entries are not signed: that they were written by whom they name is not proved.`,
    );
  }
  if (chain.entries.some(hasForgeApproval)) {
    limits.push('Approvals by review or environment are as the forge reported them at the time.');
  }
  return limits;
}

function hasForgeApproval({ entry }: Chain['entries'][number]): boolean {
  if (entry.kind !== 'gate' && entry.kind !== 'promote' && entry.kind !== 'rollback') return false;
  return entry.event.approvals.some(({ source }) => source !== 'signature');
}
