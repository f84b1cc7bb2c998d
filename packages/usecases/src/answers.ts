import { fault, InputError, place } from '@rastro/fault';
import type { Answers, SliceSource } from '@rastro/metrics';
import type {
  ColumnData,
  ColumnRequest,
  LoadedModel,
  ModelSignature,
  Ports,
  ScoringRequest,
  TableSource,
} from './ports/index.ts';
import { readColumns } from './read-columns.ts';

/** The rows that a model is judged on: what is true, and how to tell rows apart. */
export interface JudgedRows {
  readonly truth: readonly (string | null)[] | Float64Array;
  readonly slices: readonly SliceSource[];
  readonly rows: number;
}

/** What is asked: the table, its target, the slices, and how the model reads it. */
export interface AnswerRequest {
  readonly source: TableSource;
  readonly task: ScoringRequest['task'];
  readonly target: string;
  readonly features: readonly string[];
  readonly slices: readonly string[];
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
  const scoring: ScoringRequest = { task: request.task, features: request.features };
  const inputs = model.columns(scoring);
  const { columns, judge } = judgedColumns(request);
  const engine = await data();
  const labels: string[] = [];
  const scores: Float64Array[] = [];
  const values: Float64Array[] = [];
  const judged: ColumnData[][] = columns.map(() => []);
  let classes: readonly string[] | undefined;
  let firstRow = 0;
  for await (const batch of engine.read(request.source, [...inputs, ...columns], { batchRows: BATCH_ROWS })) {
    const scored = await model.score(
      { ...scoring, firstRow },
      { rows: batch.rows, columns: batch.columns.slice(0, inputs.length) },
    );
    firstRow += batch.rows;
    if (scored.labels) labels.push(...scored.labels);
    if (scored.scores) scores.push(scored.scores);
    if (scored.values) values.push(scored.values);
    classes = scored.classes ?? classes;
    for (const [index, column] of batch.columns.slice(inputs.length).entries()) judged[index]!.push(column);
  }
  const answers: Answers = {
    ...(request.task === 'regression'
      ? { predictions: concat(values) }
      : labels.length > 0
        ? { predictions: labels }
        : {}),
    ...(scores.length > 0 ? { scores: concat(scores) } : {}),
    ...(classes ? { classes } : {}),
  };
  return { answers, rows: judge(judged), signature: model.signature };
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
  request: Omit<AnswerRequest, 'features'>,
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

/** The columns of truth and slices, and the way back from what was read. */
function judgedColumns({ task, target, slices }: Pick<AnswerRequest, 'task' | 'target' | 'slices'>) {
  const columns: ColumnRequest[] = [
    { name: target, as: task === 'regression' ? 'number' : 'string' },
    ...slices.map((name) => ({ name, as: 'string' as const })),
  ];
  const judge = (parts: readonly ColumnData[][]): JudgedRows => {
    const truth =
      task === 'regression' ? concat(parts[0] as Float64Array[]) : (parts[0] as (string | null)[][]).flat();
    return {
      truth,
      rows: truth.length,
      slices: slices.map((column, index) => ({
        column,
        values: (parts[index + 1] as (string | null)[][]).flat(),
      })),
    };
  };
  return { columns, judge };
}

function concat(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return all;
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
