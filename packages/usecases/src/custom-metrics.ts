import { fault, InputError, type Place } from '@rastro/fault';
import type { ModelConfig } from '@rastro/lineage';
import {
  type AnswerColumn,
  type Answers,
  answerColumns,
  type Evaluation,
  jackknifeInterval,
  type MetricValue,
  type Question,
  type SliceSource,
  slicesOf,
} from '@rastro/metrics';
import { atPlace } from './at-place.ts';
import { rowsOf } from './loaded-rows.ts';
import type { ColumnData, Ports, TableSource } from './ports/index.ts';
import { readColumns } from './read-columns.ts';

type MetricConfig = NonNullable<ModelConfig['evaluate']>['metrics'][string];
type CustomPorts = Pick<Ports, 'workspace' | 'data' | 'commands' | 'progress'>;

/** Parts of the rows that are left out, one at a time, for the interval of a SQL metric. */
const PARTS = 50;

/** Whether a metric is the user's own: SQL or a command. */
export function isCustom({ sql, command }: MetricConfig): boolean {
  return sql !== undefined || command !== undefined;
}

/** What is judged, and what was found of it so far. */
export interface JudgedAnswers {
  readonly model: string;
  readonly source: TableSource;
  readonly question: Question;
  readonly answers: Answers;
  readonly slices: readonly SliceSource[];
  readonly evaluation: Evaluation;
  /** Where in `rastro.yaml` a metric stands. */
  readonly placeOf: (name: string) => Place;
}

/**
 * The evaluation with the metrics that `rastro.yaml` defines itself. SQL has a jackknife interval, and is asked of every
 * slice with enough rows too; what a command gives is of all rows, and has no interval.
 * @throws InputError when SQL cannot be asked, a column is not there, or a command fails or writes no number.
 */
export async function withCustomMetrics(
  metrics: Readonly<Record<string, MetricConfig>>,
  judged: JudgedAnswers,
  ports: CustomPorts,
): Promise<Evaluation> {
  const custom = Object.entries(metrics).filter(([, config]) => isCustom(config));
  if (custom.length === 0) return judged.evaluation;
  const columns = answerColumns(judged.question, judged.answers);
  let { evaluation } = judged;
  for (const [name, config] of custom) {
    evaluation = await atPlace(judged.placeOf(name), async () => {
      const all = [...columns, ...(await dataColumns(config.columns ?? [], judged.source, columns, ports))];
      return config.sql === undefined
        ? withMetric(
            evaluation,
            name,
            config,
            await byCommand(name, config.command!, judged.model, all, ports),
          )
        : withSql(evaluation, { name, config, sql: config.sql, columns: all, slices: judged.slices }, ports);
    });
  }
  return evaluation;
}

function withMetric(
  evaluation: Evaluation,
  name: string,
  config: MetricConfig,
  measured: Measured,
): Evaluation {
  return { ...evaluation, metrics: { ...evaluation.metrics, [name]: withGoal(measured, config) } };
}

/** A target is neared from both sides; a record has no word for it, so the greater counts as better there. */
function withGoal(measured: Measured, { goal }: MetricConfig): MetricValue {
  return { ...measured, goal: goal ?? 'max' };
}

async function withSql(
  evaluation: Evaluation,
  {
    name,
    config,
    sql,
    columns,
    slices,
  }: { name: string; config: MetricConfig; sql: string; columns: Column[]; slices: readonly SliceSource[] },
  ports: CustomPorts,
): Promise<Evaluation> {
  const { confidence } = evaluation;
  const whole = withMetric(evaluation, name, config, await bySql(sql, columns, confidence, ports));
  const found: Evaluation['slices'] = [];
  // The slices of an evaluation are those of its sources, in their order.
  for (const [index, { rows }] of slices.flatMap(slicesOf).entries()) {
    const slice = evaluation.slices[index]!;
    const part = slice.judged
      ? columns.map((column) => ({ ...column, values: rowsOf(column.values, rows) }))
      : undefined;
    found.push(
      part
        ? {
            ...slice,
            metrics: {
              ...slice.metrics,
              [name]: withGoal(await bySql(sql, part, confidence, ports), config),
            },
          }
        : slice,
    );
  }
  return { ...whole, slices: found };
}

type Measured = Omit<MetricValue, 'goal'>;

async function bySql(
  sql: string,
  columns: readonly Column[],
  confidence: number,
  { data }: CustomPorts,
): Promise<Measured> {
  const [result] = await (await data()).aggregate(columns, [sql], { leaveOut: PARTS });
  const { value, without } = result!;
  if (value === null) return { value, low: null, high: null, note: 'the SQL gives no number on these rows' };
  const interval = jackknifeInterval(value, without, confidence);
  return { value, low: interval?.low ?? null, high: interval?.high ?? null };
}

async function byCommand(
  name: string,
  command: string,
  model: string,
  columns: readonly Column[],
  { workspace, commands, progress }: CustomPorts,
): Promise<Measured> {
  const folder = `.rastro/metrics/${model}`;
  const [predictions, answer] = [`${folder}/${name}.csv`, `${folder}/${name}.txt`];
  await workspace.write('.rastro/.gitignore', '*\n');
  await workspace.write(predictions, csvOf(columns));
  await workspace.remove(answer);
  progress.step(`${model}: ${name} by its command`);
  const { exitCode } = await commands.run(command, {
    cwd: workspace.root,
    env: {
      RASTRO_PREDICTIONS: workspace.absolute(predictions),
      RASTRO_METRIC: workspace.absolute(answer),
    },
  });
  if (exitCode !== 0) throw failedMetric(name, `its command ended with exit code ${exitCode}`);
  const text = (await workspace.readText(answer))?.trim();
  if (text === undefined) throw failedMetric(name, 'its command wrote no file at RASTRO_METRIC');
  const value = text === '' ? Number.NaN : Number(text);
  if (Number.isFinite(value)) return { value, low: null, high: null };
  throw failedMetric(name, `its command wrote ${JSON.stringify(text.slice(0, 40))} where a number is due`);
}

function failedMetric(name: string, why: string): InputError {
  return new InputError(
    fault(
      'metric-command',
      `the metric ${name} cannot be told: ${why}`,
      undefined,
      'Read the CSV file at RASTRO_PREDICTIONS and write one number to the file at RASTRO_METRIC.',
    ),
  );
}

interface Column {
  readonly name: string;
  readonly values: ColumnData;
}

async function dataColumns(
  names: readonly string[],
  source: TableSource,
  answers: readonly AnswerColumn[],
  { data }: CustomPorts,
): Promise<Column[]> {
  if (names.length === 0) return [];
  const taken = names.find((name) => answers.some((answer) => answer.name === name));
  if (taken !== undefined) {
    throw new InputError(
      fault(
        'metric-column',
        `the column "${taken}" of the data has the name of an answer`,
        undefined,
        'Leave it out of "columns:", or rename it in the data.',
      ),
    );
  }
  const engine = await data();
  const { columns } = await engine.describe(source);
  const numeric = new Set(
    columns.filter(({ type }) => type === 'number' || type === 'integer').map(({ name }) => name),
  );
  const wanted = names.map((name) => ({
    name,
    as: numeric.has(name) ? ('number' as const) : ('string' as const),
  }));
  const values = await readColumns(engine, source, wanted);
  return names.map((name, index) => ({ name, values: values[index]! }));
}

function csvOf(columns: readonly Column[]): string {
  const cell = (value: string | number | null | undefined) => {
    const text = value === null || value === undefined || Number.isNaN(value) ? '' : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines = [columns.map(({ name }) => cell(name)).join(',')];
  const rows = columns[0]!.values.length;
  for (let row = 0; row < rows; row++) lines.push(columns.map(({ values }) => cell(values[row])).join(','));
  return `${lines.join('\n')}\n`;
}
