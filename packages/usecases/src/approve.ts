import { fault, InputError } from '@rastro/fault';
import { latestVersion, registryState } from '@rastro/registry';
import { modelState, signerName, skipsOf } from '@rastro/trail';
import { z } from 'zod';
import { modelName } from './model-name.ts';
import type { Outcome } from './outcome.ts';
import type { Ports } from './ports/index.ts';
import { protectedPolicy } from './protected-policy.ts';
import { report, short } from './report.ts';
import { latestRecord } from './stage-move.ts';
import { instantOf, onTrail, type TrailPorts } from './trail.ts';

export const ApproveRequest = z.strictObject({
  model: z.string().optional().describe('Model to approve. Default: the only one in rastro.yaml.'),
  version: z.string().optional().describe('Version to approve. Default: the latest.'),
  stage: z.string().min(1).describe('Stage that it is approved for, such as prod.'),
  reject: z.boolean().default(false).describe('Reject it instead.'),
});
export type ApproveRequest = z.output<typeof ApproveRequest>;

export interface ApproveRecord {
  readonly model: string;
  readonly version: string;
  readonly stage: string;
  readonly sha256: string;
  readonly recordSha256: string | null;
  /** The name under which the policy knows the key. */
  readonly by: string;
  readonly verdict: 'approved' | 'rejected';
  readonly status: 'recorded' | 'unchanged';
}

/**
 * Records that the holder of a signing key approves, or rejects, a version for a stage: this file, with this evaluation.
 * @throws InputError when there is no key, or the policy does not know it as somebody's who may approve.
 */
export async function approve(
  request: ApproveRequest,
  ports: TrailPorts & Pick<Ports, 'workspace'>,
): Promise<Outcome<ApproveRecord>> {
  const model = await modelName(request.model, ports);
  const by = await approver(ports);
  const verdict = request.reject ? ('rejected' as const) : ('approved' as const);
  const repository = await ports.repository();
  const record = await onTrail<ApproveRecord>(ports, async (trail) => {
    const { entries } = trail.chain;
    const registered = registryState(await repository.tags()).get(model);
    const version = request.version ?? (registered && latestVersion(registered)?.version) ?? '';
    const release = modelState(entries, model).releases.get(version);
    if (!release) throw notReleased(model, version);
    const { sha256 } = release.event;
    const recordSha256 = latestRecord(trail, sha256);
    const about = { model, version, stage: request.stage, sha256, recordSha256 };
    const base = { ...about, by, verdict };
    const { skips } = skipsOf(entries);
    const last = entries.findLast(
      ({ entry }) =>
        entry.kind === 'approve' &&
        !skips.has(entry.seq) &&
        entry.event.by.login === by &&
        Object.entries(about).every(([key, value]) => entry.event[key as keyof typeof about] === value),
    );
    if (last?.entry.kind === 'approve' && last.entry.event.verdict === verdict)
      return { done: { ...base, status: 'unchanged' as const } };
    const event = {
      ...about,
      by: { login: by, id: null },
      source: 'signature' as const,
      verdict,
      at: instantOf(ports.clock),
    };
    return {
      append: { tags: [], events: () => [{ kind: 'approve' as const, event }] },
      result: () => ({ ...base, status: 'recorded' as const }),
    };
  });
  return {
    status: 'pass',
    reports: [
      report(
        'approve',
        model,
        {
          status: 'pass',
          sentence: `${by} ${verdict} ${model} ${record.version} for ${record.stage}${record.status === 'unchanged' ? ' already' : ''}.`,
        },
        [
          {
            id: 'approval',
            title: 'Approval',
            importance: 60,
            blocks: [
              {
                kind: 'facts',
                items: [
                  { label: 'Model digest', value: [{ code: short(record.sha256) }] },
                  {
                    label: 'Evaluation record',
                    value: record.recordSha256 ? [{ code: short(record.recordSha256) }] : 'none',
                  },
                ],
              },
            ],
          },
        ],
      ),
    ],
    record,
  };
}

/** The name of the signing key's holder in the policy of the protected branch. */
async function approver(ports: TrailPorts): Promise<string> {
  const { signer } = ports.context;
  if (!signer) {
    throw new InputError(
      fault(
        'signature-required',
        'an approval is signed, and there is no key to sign with',
        undefined,
        'Give the private key in the environment variable RASTRO_SIGNING_KEY, or its path in RASTRO_SIGNING_KEY_FILE.',
      ),
    );
  }
  const { policy } = await protectedPolicy(await ports.repository(), ports);
  const { key } = await signer.sign(new Uint8Array());
  const name = signerName(policy, key, 'approve', ports.crypto);
  if (name !== undefined) return name;
  throw new InputError(
    fault(
      'signer-unknown',
      'the policy does not know this key as that of somebody who may approve',
      undefined,
      'Name its public key under "signatures: signers:" in rastro.policy.yaml on the protected branch.',
    ),
  );
}

function notReleased(model: string, version: string): InputError {
  return new InputError(
    fault(
      'release-unrecorded',
      version === ''
        ? `no version of ${model} is released`
        : `the trail knows no release of ${model} ${version}`,
      undefined,
      'Release it first: an approval names a model file.',
    ),
  );
}
