import { fault, InputError, type Place } from '@rastro/fault';
import type { ModelConfig } from '@rastro/lineage';
import {
  type AnswerColumn,
  type Answers,
  answerColumns,
  jackknifeInterval,
  type MetricValue,
  type Question,
} from '@rastro/metrics';
import { atPlace } from './at-place.ts';
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

/**
 * The metrics that `rastro.yaml` defines itself. SQL has a jackknife interval; what a command gives has none.
 * @throws InputError when SQL cannot be asked, a column is not there, or a command fails or writes no number.
 */
export async function customMetrics(
  metrics: Readonly<Record<string, MetricConfig>>,
  judged: {
    model: string;
    source: TableSource;
    question: Question;
    answers: Answers;
    confidence: number;
    /** Where in `rastro.yaml` a metric stands. */
    placeOf: (name: string) => Place;
  },
  ports: CustomPorts,
): Promise<Record<string, MetricValue>> {
  const custom = Object.entries(metrics).filter(([, config]) => isCustom(config));
  if (custom.length === 0) return {};
  const columns = answerColumns(judged.question, judged.answers);
  const measured: Record<string, MetricValue> = {};
  for (const [name, config] of custom) {
    measured[name] = await atPlace(judged.placeOf(name), async () => {
      const all = [...columns, ...(await dataColumns(config.columns ?? [], judged.source, columns, ports))];
      const found =
        config.sql === undefined
          ? await byCommand(name, config.command!, judged.model, all, ports)
          : await bySql(config.sql, all, judged.confidence, ports);
      // A target is neared from both sides; a record has no word for it, so the greater counts as better there.
      return { ...found, goal: config.goal ?? 'max' };
    });
  }
  return measured;
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
