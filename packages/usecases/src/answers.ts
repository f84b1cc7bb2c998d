import { fault, InputError, place } from '@rastro/fault';
import type { Answers } from '@rastro/metrics';
import { type JudgedPart, type JudgedQuestion, type JudgedRows, judgedColumns } from './judged-columns.ts';
import type {
  Batch,
  ColumnData,
  ColumnRequest,
  DataEngine,
  LoadedModel,
  ModelSignature,
  Ports,
  Scores,
  ScoringRequest,
  TableSource,
} from './ports/index.ts';
import { readAhead } from './read-ahead.ts';
import { readColumns } from './read-columns.ts';
import { inOrder, rowsById } from './rows-by-id.ts';

/** What is asked: the table, its target, the slices, and how the model reads it. */
export interface AnswerRequest extends JudgedQuestion {
  readonly source: TableSource;
  readonly scoring: ScoringRequest;
}

/**
 * Rows read at a time: few enough for their columns to stay in the processor's cache until they are scored, and as many as the engine
 * gives at once, so that most need not be copied.
 */
const BATCH_ROWS = 2048;

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
  const judged: JudgedPart[][] = columns.map(() => []);
  const wanted = [...inputs, ...columns];
  async function* features(): AsyncIterable<Batch> {
    for await (const batch of readAhead(engine.read(request.source, wanted, { batchRows: BATCH_ROWS }))) {
      for (const [index, parts] of judged.entries()) {
        parts.push(batch.columns[inputs.length + index] as JudgedPart);
      }
      const read = batch.columns.slice(0, inputs.length) as ColumnData[];
      yield { ...batch, columns: read };
      batch.release?.(read);
    }
  }
  const scores = await model.scoreAll(scoring, features());
  return { answers: answersOf(scores), rows: judge(judged), signature: model.signature };
}

/** Scores columns that are in memory, in the order of `model.columns(scoring)`. */
export async function answersToColumns(
  model: LoadedModel,
  scoring: ScoringRequest,
  columns: readonly ColumnData[],
): Promise<Answers> {
  return answersOf(await model.score(scoring, { rows: columns[0]!.length, columns }));
}

function answersOf({ labels, classes, scores, values }: Scores): Answers {
  const predictions = values ?? labels;
  return {
    ...(predictions ? { predictions } : {}),
    ...(scores ? { scores } : {}),
    ...(classes ? { classes } : {}),
  };
}

/** Where a predictions file says what, by column name. */
export interface PredictionColumns {
  /** Names a row in the predictions and in the data. Without it rows go by their order. */
  readonly id?: string | undefined;
  readonly prediction?: string | undefined;
  readonly score?: string | undefined;
  readonly scores?: Readonly<Record<string, string>> | undefined;
}

/**
 * Reads answers that somebody else's program wrote, one row for each row of the table: in its order, or with its id.
 * @throws InputError when no column is named, the rows are not as many, an id fits no row or two, or a score is missing.
 */
export async function givenAnswers(
  predictions: { source: TableSource; path: string; columns: PredictionColumns },
  request: JudgedQuestion & { readonly source: TableSource },
  { data }: Pick<Ports, 'data'>,
): Promise<{ rows: JudgedRows; answers: Answers }> {
  const { id, prediction, score, scores } = predictions.columns;
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
  const answers =
    id === undefined ? read : await inOrderOfData(engine, predictions, read, request.source, id);
  const numbers = answers.slice(prediction ? 1 : 0) as Float64Array[];
  refuseMissing(numbers, wanted.slice(prediction ? 1 : 0), predictions.path, request.task);
  return {
    rows,
    answers: {
      ...(prediction ? { predictions: answers[0]! } : {}),
      ...(numbers.length > 0 ? { scores: interleave(numbers) } : {}),
      ...(classes.length > 0 && !score ? { classes } : {}),
    },
  };
}

async function inOrderOfData(
  engine: DataEngine,
  { path, source }: { path: string; source: TableSource },
  columns: readonly ColumnData[],
  data: TableSource,
  id: string,
): Promise<ColumnData[]> {
  const named = [{ name: id, as: 'string' as const }];
  const [there] = await readColumns<'string'>(engine, data, named);
  const [here] = await readColumns<'string'>(engine, source, named);
  const rows = rowsById(there!, { path, ids: here! });
  return columns.map((column) => inOrder(column, rows));
}

function refuseMissing(
  scores: readonly Float64Array[],
  columns: readonly ColumnRequest[],
  path: string,
  task: ScoringRequest['task'],
): void {
  if (task === 'regression') return;
  for (const [index, column] of scores.entries()) {
    const row = column.findIndex(Number.isNaN);
    if (row < 0) continue;
    throw new InputError(
      fault(
        'missing-value',
        `"${columns[index]!.name}" is missing for row ${row + 1} of the data`,
        place(path),
        'Write a score for each row.',
      ),
    );
  }
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
