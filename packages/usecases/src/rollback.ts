import { fault, InputError } from '@rastro/fault';
import { modelState, standingEntries } from '@rastro/trail';
import { z } from 'zod';
import { modelName } from './model-name.ts';
import type { Outcome } from './outcome.ts';
import {
  describeMove,
  judgeMove,
  type MovePorts,
  type MoveRecord,
  moveAppend,
  moveRecord,
} from './stage-move.ts';
import { onTrail, type Trail } from './trail.ts';

export const RollbackRequest = z.strictObject({
  model: z.string().optional().describe('Model to roll back. Default: the only one in rastro.yaml.'),
  stage: z.string().min(1).describe('Stage to roll back, such as prod.'),
  version: z
    .string()
    .optional()
    .describe('Version to return to; it must have held the stage. Default: the one before the present one.'),
  dryRun: z.boolean().default(false).describe('Say what the policy answers, and change nothing.'),
});
export type RollbackRequest = z.output<typeof RollbackRequest>;

export type RollbackRecord = MoveRecord;

/**
 * Returns a stage to a version that held it before. History goes forward only: the return is a new entry, under the policy of
 * today with what that waives for rollbacks.
 * @throws InputError when no other version held the stage, or the one asked for did not.
 */
export async function rollback(request: RollbackRequest, ports: MovePorts): Promise<Outcome<RollbackRecord>> {
  const model = await modelName(request.model, ports);
  const { stage } = request;
  const record = await onTrail<MoveRecord>(ports, async (trail) => {
    const version = request.version ?? versionBefore(trail, model, stage);
    const holder = modelState(trail.chain.entries, model).stages.get(stage)?.version;
    if (version !== holder) refuseNewcomer({ model, stage, version }, trail);
    const move = await judgeMove({ model, version, stage, rollback: true }, trail, ports);
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
          result: () => moveRecord(move, 'rolled-back'),
        };
    }
  });
  return {
    status: record.status === 'denied' ? 'breach' : 'pass',
    reports: [describeMove('rollback', record)],
    record,
  };
}

/**
 * The version that held the stage before the present one. A version that was itself rolled away from is passed over, so that
 * a second rollback goes further back and not forward to the faulty one; so is one that was withdrawn.
 */
function versionBefore({ chain }: Trail, model: string, stage: string): string {
  const line: string[] = [];
  for (const { entry } of standingEntries(chain.entries)) {
    if (entry.kind !== 'promote' && entry.kind !== 'rollback') continue;
    const { event } = entry;
    if (event.model !== model || event.stage !== stage) continue;
    const known = line.lastIndexOf(event.version);
    if (entry.kind === 'rollback' && known >= 0) line.length = known;
    line.push(event.version);
  }
  const { withdrawn } = modelState(chain.entries, model);
  const before = line.slice(0, -1).findLast((version) => version !== line.at(-1) && !withdrawn.has(version));
  if (before !== undefined) return before;
  throw new InputError(
    fault(
      'nothing-before',
      line.length === 0
        ? `no version of ${model} holds the stage ${stage}`
        : `no version of ${model} held the stage ${stage} before ${line.at(-1)}`,
      undefined,
      'Promote another version instead.',
    ),
  );
}

function refuseNewcomer(
  { model, stage, version }: { model: string; stage: string; version: string },
  { chain }: Trail,
): void {
  const { held } = modelState(chain.entries, model);
  if (held.get(version)?.has(stage)) return;
  const known = [...held].filter(([, stages]) => stages.has(stage)).map(([each]) => each);
  throw new InputError(
    fault(
      'never-held',
      `${model} ${version} never held the stage ${stage}`,
      undefined,
      known.length > 0 ? `These did: ${known.join(', ')}.` : `Promote it: rastro promote --stage ${stage}.`,
    ),
  );
}
