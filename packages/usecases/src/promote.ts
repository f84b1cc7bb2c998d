import { z } from 'zod';
import { modelName } from './model-name.ts';
import { Name, VersionName } from './name.ts';
import type { Outcome } from './outcome.ts';
import {
  describeMove,
  judgeMove,
  type MovePorts,
  type MoveRecord,
  moveAppend,
  moveRecord,
} from './stage-move.ts';
import { onTrail } from './trail.ts';

export const PromoteRequest = z.strictObject({
  model: Name.optional().describe('Model to promote. Default: the only one in rastro.yaml.'),
  version: VersionName.optional().describe('Version to promote. Default: the latest.'),
  stage: Name.describe('Stage to promote to, such as prod.'),
  dryRun: z.boolean().default(false).describe('Say what the policy answers, and change nothing.'),
});
export type PromoteRequest = z.output<typeof PromoteRequest>;

export type PromoteRecord = MoveRecord;

/**
 * Moves a stage to a version when the policy of the protected branch allows it. The policy is read and judged anew on every
 * state of the trail that the promotion is tried on; a denied promotion records nothing. A version that held the stage before
 * is judged like any other: what a policy waives, it waives for `rollback` alone.
 * @throws InputError when there is no policy, or no such model or version.
 */
export async function promote(request: PromoteRequest, ports: MovePorts): Promise<Outcome<PromoteRecord>> {
  const model = await modelName(request.model, ports);
  const { version, stage } = request;
  const record = await onTrail<MoveRecord>(ports, async (trail) => {
    const move = await judgeMove({ model, version, stage, rollback: false }, trail, ports);
    const { plan } = move;
    switch (plan.kind) {
      case 'unchanged':
        return { done: moveRecord(move, plan.kind), tags: request.dryRun ? [] : move.heldBy };
      case 'denied':
        return { done: moveRecord(move, plan.kind) };
      case 'promote':
        if (request.dryRun) return { done: moveRecord(move, 'allowed') };
        return {
          append: moveAppend({ ...move, plan }),
          result: () => moveRecord(move, 'promoted'),
        };
    }
  });
  return {
    status: record.status === 'denied' ? 'breach' : 'pass',
    reports: [describeMove('promote', record)],
    record,
  };
}
