import type { RuleResult } from '@rastro/registry';
import type { AuditContext, AuditStep } from './audit.ts';
import { heldToRecord } from './audit-record.ts';
import { judged, type Move } from './audit-rules.ts';
import { type EntryOf, entryPath } from './entry.ts';
import { lastOf } from './gate-evidence.ts';
import { modelState, standingEntries } from './state.ts';

/**
 * Step 7: the evaluation is of the deployed file, its metrics pass the rules, and they, like those of the version that they were
 * compared with, are what Git holds a record of.
 */
export async function evaluationStep(
  context: AuditContext,
  gate: Move,
  rules: readonly RuleResult[],
): Promise<AuditStep> {
  const { chain } = context;
  const step = 'evaluation' as const;
  const { recordSha256, sha256 } = gate.event;
  const records = standingEntries(chain.entries)
    .map(({ entry }) => entry)
    .filter((entry) => entry.kind === 'evaluate')
    .filter((entry) => entry.event.recordSha256 === recordSha256 && entry.seq < gate.seq);
  if (records.length === 0) {
    if (recordSha256 === null && rules.length === 0) {
      return {
        step,
        status: 'verified',
        sentence: 'The policy asks for no evaluation, and the decision rests on none.',
        evidence: [entryPath(gate)],
      };
    }
    return {
      step,
      status: 'unprovable',
      sentence: 'The evaluation that the decision rests on is not recorded before it, or was taken back.',
      evidence: [entryPath(gate)],
    };
  }
  const covers = records.filter(({ event }) => event.sha256 === sha256).at(-1);
  if (!covers) {
    return {
      step,
      status: 'violated',
      sentence: 'The evaluation that the decision rests on is of another model file.',
      evidence: [entryPath(gate), ...records.map(entryPath)],
    };
  }
  const judgement = judged(
    step,
    gate,
    rules,
    `The evaluation of ${covers.event.evaluatedAt} covers this file, and its metrics pass the ${rules.length} rules about it.`,
  );
  if (judgement.status !== 'verified') return judgement;
  const kept = await heldToRecord(context, covers);
  if (kept.status === 'violated' || (kept.status === 'unprovable' && rules.length > 0)) {
    return { step, ...kept };
  }
  const leansOnHolder = rules.some(({ rule, passed }) => passed && rule.endsWith('.max_drop_vs_stage'));
  const holder = leansOnHolder ? holderEvaluation(context, gate) : undefined;
  const compared = holder && (await heldToRecord(context, holder));
  const evidence = [...judgement.evidence, ...kept.evidence, ...(compared?.evidence ?? [])];
  if (compared && compared.status !== 'verified') {
    const lead = `It was compared with ${gate.event.replaces}, which held the stage.`;
    return { step, status: compared.status, sentence: `${lead} ${compared.sentence}`, evidence };
  }
  const limit = [kept.limit, compared?.limit].filter((each) => each !== undefined).join(' ');
  const sentence = `${judgement.sentence} ${kept.sentence}`;
  return { ...judgement, sentence, evidence, ...(limit === '' ? {} : { limit }) };
}

/** The evaluation of the version that held the stage, as the decision compared with it. */
function holderEvaluation({ chain, model }: AuditContext, gate: Move): EntryOf<'evaluate'> | undefined {
  const before = chain.entries.filter(({ entry }) => entry.seq < gate.seq);
  const holder = modelState(before, model).stages.get(gate.event.stage);
  return holder && lastOf(standingEntries(before), 'evaluate', holder.sha256);
}
