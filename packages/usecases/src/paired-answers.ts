import type { Document } from '@rastro/document';
import { InputError } from '@rastro/fault';
import type { Project } from '@rastro/lineage';
import { type Evaluation, type PairedRows, whyNotPaired } from '@rastro/metrics';
import { modelAnswers } from './answers.ts';
import { naiveErrorOf } from './judge-model.ts';
import { judgedQuestion, questionOf } from './model-question.ts';
import type { Ports, ScoringRequest, TableSource } from './ports/index.ts';
import type { NamedModel } from './project.ts';

/** A model file, how it is asked, and what it came to when it was judged. */
interface Asked {
  readonly path: string;
  readonly scoring: ScoringRequest;
  readonly evaluation: Evaluation;
}

/** The answers of two model files to the same rows; or why the baseline's cannot be had, or put beside the candidate's. */
export async function pairedAnswers(
  {
    model: { config },
    project,
    source,
    baseline,
    candidate,
  }: {
    model: NamedModel;
    project: Document<Project>;
    source: TableSource;
    baseline: Asked;
    candidate: Asked;
  },
  ports: Pick<Ports, 'workspace' | 'data' | 'runtime'>,
): Promise<PairedRows | string> {
  const engine = await ports.runtime();
  const score = async ({ path, scoring }: Asked) => {
    const loaded = await engine.load(ports.workspace.absolute(path));
    try {
      return await modelAnswers(loaded, { ...judgedQuestion(config), source, scoring }, ports);
    } finally {
      await loaded.close();
    }
  };
  const after = await score(candidate);
  const before = await baselineAnswers(() => score(baseline));
  if (typeof before === 'string') return before;
  const { resamples, seed } = config.evaluate!;
  const paired: PairedRows = {
    ...questionOf(config, after.rows, await naiveErrorOf(config, project, ports)),
    positive: candidate.evaluation.positive,
    baseline: { ...before.answers, threshold: baseline.evaluation.threshold },
    candidate: { ...after.answers, threshold: candidate.evaluation.threshold },
    slices: after.rows.slices,
    resamples,
    seed,
  };
  return whyNotPaired(paired) ?? paired;
}

/** What a scored baseline answers, or why it cannot: the present rows were not made for it, and nobody can mend it now. */
async function baselineAnswers<T>(score: () => Promise<T>): Promise<T | string> {
  try {
    return await score();
  } catch (error) {
    if (error instanceof InputError) return error.faults[0]!.message;
    throw error;
  }
}
