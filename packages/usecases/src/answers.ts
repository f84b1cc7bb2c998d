import { fault, InputError, place } from '@rastro/fault';
import { type Answers, type CodedTexts, joinTexts } from '@rastro/metrics';
import {
  type JudgedPart,
  type JudgedQuestion,
  type JudgedRows,
  joinNumbers,
  judgedColumns,
} from './judged-columns.ts';
import type {
  ColumnData,
  ColumnRequest,
  LoadedModel,
  ModelSignature,
  Ports,
  Scores,
  ScoringRequest,
  TableSource,
} from './ports/index.ts';
import { readAhead } from './read-ahead.ts';
import { readColumns } from './read-columns.ts';

/** What is asked: the table, its target, the slices, and how the model reads it. */
export interface AnswerRequest extends JudgedQuestion {
  readonly source: TableSource;
  readonly scoring: ScoringRequest;
}

/** Rows scored at a time: large enough for the runtime's threads, small enough to stay in the cache. */
const BATCH_ROWS = 16_384;

/**
 * Scores a whole table with a model in one pass over it; memory holds the answers and the truth, never the features.
 * @throws InputError when the model's inputs and the table's columns do not fit.
 */
export async function modelAnswers(
  model: LoadedModel,
  request: AnswerRequest,
  { data }: Pick<Ports, 'data'>,
): Promise<{ rows: JudgedRows; answers: Answers; signature: ModelSignature }> {
  const { scoring } = request;
  const inputs = model.columns(scoring);
  const { columns, judge } = judgedColumns(request);
  const engine = await data();
  const gathered = gatherScores(request.task);
  const judged: JudgedPart[][] = columns.map(() => []);
  let firstRow = 0;
  const wanted = [...inputs, ...columns];
  for await (const batch of readAhead(engine.read(request.source, wanted, { batchRows: BATCH_ROWS }))) {
    const features = batch.columns.slice(0, inputs.length) as ColumnData[];
    gathered.add(await model.score({ ...scoring, firstRow }, { rows: batch.rows, columns: features }));
    batch.release?.(features);
    firstRow += batch.rows;
    for (const [index, parts] of judged.entries()) {
      parts.push(batch.columns[inputs.length + index] as JudgedPart);
    }
  }
  return { answers: gathered.answers(), rows: judge(judged), signature: model.signature };
}

/** Scores columns that are in memory, in the order of `model.columns(scoring)`. */
export async function answersToColumns(
  model: LoadedModel,
  scoring: ScoringRequest,
  columns: readonly ColumnData[],
): Promise<Answers> {
  const rows = columns[0]!.length;
  const gathered = gatherScores(scoring.task);
  for (let firstRow = 0; firstRow < rows; firstRow += BATCH_ROWS) {
    const part = columns.map((column) => column.slice(firstRow, firstRow + BATCH_ROWS));
    gathered.add(await model.score({ ...scoring, firstRow }, { rows: part[0]!.length, columns: part }));
  }
  return gathered.answers();
}

/** Puts the scores of batches one after another. */
function gatherScores(task: ScoringRequest['task']): {
  add: (scored: Scores) => void;
  answers: () => Answers;
} {
  const labels: CodedTexts[] = [];
  const scores: Float64Array[] = [];
  const values: Float64Array[] = [];
  let classes: readonly string[] | undefined;
  return {
    add(scored) {
      if (scored.labels) labels.push(scored.labels);
      if (scored.scores) scores.push(scored.scores);
      if (scored.values) values.push(scored.values);
      classes = scored.classes ?? classes;
    },
    answers: () => ({
      ...(task === 'regression'
        ? { predictions: joinNumbers(values) }
        : labels.length > 0
          ? { predictions: joinTexts(labels) }
          : {}),
      ...(scores.length > 0 ? { scores: joinNumbers(scores) } : {}),
      ...(classes ? { classes } : {}),
    }),
  };
}

/** Where a predictions file says what, by column name. */
export interface PredictionColumns {
  readonly prediction?: string | undefined;
  readonly score?: string | undefined;
  readonly scores?: Readonly<Record<string, string>> | undefined;
}

/**
 * Reads answers that somebody else's program wrote, one row for each row of the table, in its order.
 * @throws InputError when no column is named, or the rows are not as many.
 */
export async function givenAnswers(
  predictions: { source: TableSource; path: string; columns: PredictionColumns },
  request: JudgedQuestion & { readonly source: TableSource },
  { data }: Pick<Ports, 'data'>,
): Promise<{ rows: JudgedRows; answers: Answers }> {
  const { prediction, score, scores } = predictions.columns;
  const classes = Object.keys(scores ?? {});
  const wanted: ColumnRequest[] = [
    ...(prediction
      ? [{ name: prediction, as: request.task === 'regression' ? ('number' as const) : ('string' as const) }]
      : []),
    ...(score ? [score] : Object.values(scores ?? {})).map((name) => ({ name, as: 'number' as const })),
  ];
  if (wanted.length === 0) {
    throw new InputError(
      fault(
        'predictions-unmapped',
        'the predictions have no column named',
        place(predictions.path),
        'Name "prediction", "score" or "scores" under "predictions:" in rastro.yaml.',
      ),
    );
  }
  const engine = await data();
  const { columns, judge } = judgedColumns(request);
  const rows = judge((await readColumns(engine, request.source, columns)).map((column) => [column]));
  const read = await readColumns(engine, predictions.source, wanted);
  const length = read[0]!.length;
  if (length !== rows.rows) {
    throw new InputError(
      fault(
        'predictions-length',
        `${predictions.path} has ${length} rows, the data has ${rows.rows}`,
        place(predictions.path),
        'Write one prediction for each row of the data, in its order.',
      ),
    );
  }
  const numbers = read.slice(prediction ? 1 : 0) as Float64Array[];
  return {
    rows,
    answers: {
      ...(prediction ? { predictions: read[0]! } : {}),
      ...(numbers.length > 0 ? { scores: interleave(numbers) } : {}),
      ...(classes.length > 0 && !score ? { classes } : {}),
    },
  };
}

/** Columns side by side, row-major. */
function interleave(columns: readonly Float64Array[]): Float64Array {
  if (columns.length === 1) return columns[0]!;
  const rows = columns[0]!.length;
  const all = new Float64Array(rows * columns.length);
  for (const [index, column] of columns.entries()) {
    for (let row = 0; row < rows; row++) all[row * columns.length + index] = column[row]!;
  }
  return all;
}
