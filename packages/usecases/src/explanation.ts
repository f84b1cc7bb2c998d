import type { ModelConfig } from '@rastro/lineage';
import { type EvaluationRecord, permutationImportance, type Question, slicesOf } from '@rastro/metrics';
import { answersToColumns } from './answers.ts';
import type { JudgedRows } from './judged-columns.ts';
import { loadRows, rowsOf } from './loaded-rows.ts';
import type { DataEngine, LoadedModel, ScoringRequest, TableSource } from './ports/index.ts';

type ImportanceConfig = NonNullable<NonNullable<ModelConfig['evaluate']>['importance']>;

/** How much a metric suffers when the model is not told a column: on the first rows, which are read once. */
export async function explain(
  { max_rows, repeats, metric }: ImportanceConfig & { metric: string },
  asked: {
    model: LoadedModel;
    scoring: ScoringRequest;
    engine: DataEngine;
    source: TableSource;
    question: Question;
    slices: JudgedRows['slices'];
    minSliceRows: number;
    seed: number;
    confidence: number;
  },
): Promise<NonNullable<EvaluationRecord['importance']>> {
  const { model, scoring, engine, source, question, slices, minSliceRows, seed, confidence } = asked;
  const wanted = model.columns(scoring);
  const { columns, numbers } = await loadRows(engine, source, wanted, { atMost: max_rows });
  const rows = numbers.length;
  const found = await permutationImportance({
    ...question,
    truth: question.truth.slice(0, rows),
    groups: question.groups?.slice(0, rows),
    // The slices of the record, as far as they are among these rows: ranges by quartile are those of all rows.
    slices: slices
      .flatMap(slicesOf)
      .map((slice) => ({ ...slice, rows: slice.rows.filter((row) => row < rows) })),
    columns: [...new Set(wanted.map(({ name }) => name))],
    metric,
    repeats,
    seed,
    confidence,
    minSliceRows,
    answer: (shuffled, order) =>
      answersToColumns(
        model,
        scoring,
        columns.map((column, index) => (shuffled === wanted[index]!.name ? rowsOf(column, order!) : column)),
      ),
  });
  return { metric, rows, columns: found };
}
