import { fault, InputError, type Place } from '@rastro/fault';
import type { ModelConfig } from '@rastro/lineage';
import { type Answers, labelReader, type TestResult, type Texts } from '@rastro/metrics';
import { answersToColumns } from './answers.ts';
import { atPlace } from './at-place.ts';
import { type LoadedRows, loadRows } from './loaded-rows.ts';
import type {
  ColumnData,
  ColumnRequest,
  DataEngine,
  LoadedModel,
  ScoringRequest,
  TableSource,
} from './ports/index.ts';
import { figure } from './report.ts';

type TestConfig = NonNullable<ModelConfig['evaluate']>['tests'][number];
type TestOf<Kind extends TestConfig['kind']> = Extract<TestConfig, { kind: Kind }>;

/** A test with the first answers that were not as asked. Values of other columns than the tested one are never told. */
export interface BehaviouralResult extends TestResult {
  readonly failures: readonly { readonly row: number; readonly what: string }[];
}

/** A model that is loaded, and how it is asked. */
export interface TestedModel {
  readonly model: LoadedModel;
  readonly scoring: ScoringRequest;
  readonly positive: string | undefined;
  readonly engine: DataEngine;
  readonly source: TableSource;
  readonly datasetOf: (name: string) => Promise<TableSource>;
  /** Where in `rastro.yaml` a test stands, by its index. */
  readonly placeOf: (index: number) => Place;
}

/** Failing answers that are told one by one. */
const SHOWN = 10;
/** Values that a column may have for a test to try all of them. */
const MOST_VALUES = 20;

/**
 * Runs the behavioural tests of `rastro.yaml` on the real model.
 * @throws InputError when a test names what the model does not read, or asks what it cannot answer.
 */
export async function runTests(
  tests: readonly TestConfig[],
  tested: TestedModel,
): Promise<BehaviouralResult[]> {
  const results: BehaviouralResult[] = [];
  for (const [index, test] of tests.entries()) {
    results.push(await atPlace(tested.placeOf(index), () => runTest(test, tested)));
  }
  return results;
}

async function runTest(test: TestConfig, tested: TestedModel): Promise<BehaviouralResult> {
  switch (test.kind) {
    case 'invariance':
      return invariance(test, tested);
    case 'direction':
      return direction(test, tested);
    case 'functionality':
      return functionality(test, tested);
    case 'golden':
      return golden(test, tested);
  }
}

async function invariance(test: TestOf<'invariance'>, tested: TestedModel): Promise<BehaviouralResult> {
  const { rows, at, ask } = await preparedRows(test, tested);
  const before = await ask(rows.columns);
  const tried = test.values ?? distinctValues(rows.columns[at]!, test);
  const failures: Failure[] = [];
  let checked = 0;
  for (const value of tried) {
    const after = await ask(withColumn(rows.columns, at, () => value));
    for (const [index, row] of rows.numbers.entries()) {
      if (String(rows.columns[at]![index]) === String(value)) continue;
      checked++;
      if (!sameAnswer(before, after, index, test.tolerance)) {
        const was = String(rows.columns[at]![index] ?? 'missing');
        const what = `${test.column} ${shorten(was)} → ${shorten(String(value))}: ${told(before, index)} → ${told(after, index)}`;
        failures.push({ row, what });
      }
    }
  }
  return resultOf(test, checked, failures);
}

async function direction(test: TestOf<'direction'>, tested: TestedModel): Promise<BehaviouralResult> {
  const { rows, at, ask } = await preparedRows(test, tested);
  const column = rows.columns[at]!;
  if (!(column instanceof Float64Array)) {
    throw wrong(test, `"${test.column}" is a text for the model, and only a number can be raised`);
  }
  const before = await ask(rows.columns);
  const after = await ask(withColumn(rows.columns, at, (value) => (value as number) + test.by));
  const [from, to] = [leading(before, test), leading(after, test)];
  const failures = rows.numbers.flatMap((row, index) => {
    if (keepsDirection(test.expect, to[index]! - from[index]!, test.tolerance)) return [];
    const what = `${test.column} ${figure(column[index])} → ${figure(column[index]! + test.by)}: ${figure(from[index])} → ${figure(to[index])}`;
    return [{ row, what }];
  });
  return resultOf(test, rows.numbers.length, failures);
}

function keepsDirection(expected: TestOf<'direction'>['expect'], change: number, tolerance: number): boolean {
  switch (expected) {
    case 'not-lower':
      return change >= -tolerance;
    case 'not-higher':
      return change <= tolerance;
    case 'higher':
      return change > tolerance;
    case 'lower':
      return change < -tolerance;
  }
}

async function functionality(
  test: TestOf<'functionality'>,
  { model, scoring, positive }: TestedModel,
): Promise<BehaviouralResult> {
  const wanted = model.columns(scoring);
  const columns = wanted.map((request) => givenColumn(test, request));
  const answers = asking(scoring.task, positive, await answersToColumns(model, scoring, columns));
  const failures = test.rows.flatMap(({ expect, min, max }, index) => {
    const scores = min === undefined && max === undefined ? undefined : leading(answers, test);
    const isRight =
      (expect === undefined || isExpected(answers, index, expect, test.tolerance)) &&
      (min === undefined || scores![index]! >= min) &&
      (max === undefined || scores![index]! <= max);
    const asked = [
      ...(expect === undefined ? [] : [String(expect)]),
      ...(min === undefined ? [] : [`at least ${min}`]),
      ...(max === undefined ? [] : [`at most ${max}`]),
    ].join(', ');
    return isRight ? [] : [{ row: index + 1, what: `${told(answers, index)} where ${asked} is due` }];
  });
  return resultOf(test, test.rows.length, failures);
}

function givenColumn(test: TestOf<'functionality'>, { name, as }: ColumnRequest): ColumnData {
  const values = test.rows.map(({ row }, index) => {
    const value = row[name];
    if (value === undefined) throw wrong(test, `row ${index + 1} has no "${name}", which the model reads`);
    if (value !== null && as === 'number' && Number.isNaN(Number(value)))
      throw wrong(
        test,
        `row ${index + 1} has ${JSON.stringify(value)} for "${name}", which the model reads as a number`,
      );
    return value;
  });
  return as === 'number'
    ? Float64Array.from(values, (value) => (value === null ? Number.NaN : Number(value)))
    : values.map((value) => (value === null ? null : String(value)));
}

async function golden(test: TestOf<'golden'>, tested: TestedModel): Promise<BehaviouralResult> {
  const { model, scoring, positive, engine, datasetOf } = tested;
  const wanted = model.columns(scoring);
  const answered: ColumnRequest[] = [
    ...(test.prediction === undefined
      ? []
      : [
          {
            name: test.prediction,
            as: scoring.task === 'regression' ? ('number' as const) : ('string' as const),
          },
        ]),
    ...(test.score === undefined ? [] : [{ name: test.score, as: 'number' as const }]),
  ];
  const rows = await loadRows(engine, await datasetOf(test.data), [...wanted, ...answered], {
    atMost: Number.POSITIVE_INFINITY,
  });
  if (rows.numbers.length === 0) throw wrong(test, `the dataset ${test.data} has no rows`);
  const found = asking(
    scoring.task,
    positive,
    await answersToColumns(model, scoring, rows.columns.slice(0, wanted.length)),
  );
  const predictions = test.prediction === undefined ? undefined : rows.columns[wanted.length]!;
  const scores = test.score === undefined ? undefined : (rows.columns.at(-1) as Float64Array);
  const own = scores && leading(found, test);
  const failures = rows.numbers.flatMap((row, index) => {
    const prediction = predictions?.[index];
    if (predictions && (prediction === null || !isExpected(found, index, prediction!, test.tolerance)))
      return [{ row, what: `${told(found, index)} where ${shorten(String(prediction))} was answered` }];
    const off = scores && own && !(Math.abs(own[index]! - scores[index]!) <= test.tolerance);
    return off
      ? [{ row, what: `score ${figure(own[index])} where ${figure(scores[index])} was answered` }]
      : [];
  });
  return resultOf(test, rows.numbers.length, failures);
}

interface Failure {
  readonly row: number;
  readonly what: string;
}

function resultOf(test: TestConfig, checked: number, failures: readonly Failure[]): BehaviouralResult {
  const borne = 'max_failures' in test ? test.max_failures * checked : 0;
  return {
    kind: test.kind,
    name: test.name,
    checked,
    failed: failures.length,
    passed: failures.length <= borne,
    failures: failures.slice(0, SHOWN),
  };
}

/** The rows of a test that changes one column, and where that column is. */
async function preparedRows(
  test: TestOf<'invariance' | 'direction'>,
  { model, scoring, positive, engine, source }: TestedModel,
): Promise<{ rows: LoadedRows; at: number; ask: (columns: readonly ColumnData[]) => Promise<Asked> }> {
  const wanted = model.columns(scoring);
  const at = wanted.findIndex(({ name }) => name === test.column);
  if (at < 0)
    throw wrong(
      test,
      `the model does not read "${test.column}"; it reads ${wanted.map(({ name }) => name).join(', ')}`,
    );
  const rows = await loadRows(engine, source, wanted, { where: test.where, atMost: test.max_rows });
  if (rows.numbers.length === 0) throw wrong(test, 'no row fits its condition');
  const ask = async (columns: readonly ColumnData[]) =>
    asking(scoring.task, positive, await answersToColumns(model, scoring, columns));
  return { rows, at, ask };
}

function distinctValues(column: ColumnData, test: TestOf<'invariance'>): (string | number)[] {
  const values = new Set<string | number>();
  for (const value of column) {
    if (value !== null && !Number.isNaN(value)) values.add(value);
    if (values.size > MOST_VALUES) {
      throw wrong(
        test,
        `"${test.column}" has more than ${MOST_VALUES} values; name those to try under "values:"`,
      );
    }
  }
  return [...values].sort();
}

function withColumn(
  columns: readonly ColumnData[],
  at: number,
  change: (value: string | number | null) => unknown,
): ColumnData[] {
  return columns.map((column, index) => {
    if (index !== at) return column;
    return column instanceof Float64Array
      ? Float64Array.from(column, (value) => Number(change(value)))
      : column.map((value) => String(change(value)));
  });
}

/** Answers to rows, ready to be compared one by one. */
interface Asked {
  readonly task: ScoringRequest['task'];
  readonly labels: Texts | undefined;
  /** Row-major; one value per row for a regression. */
  readonly numbers: Float64Array | undefined;
  readonly width: number;
  /** Where the positive class is among the scores of a row. */
  readonly positive: number;
  readonly classes: readonly string[] | undefined;
}

function asking(task: Asked['task'], positive: string | undefined, answers: Answers): Asked {
  if (task === 'regression') {
    const numbers = answers.predictions as Float64Array;
    return { task, labels: undefined, numbers, width: 1, positive: 0, classes: undefined };
  }
  const { classes, scores } = answers;
  const labels = answers.predictions as Texts | undefined;
  const named = positive === undefined ? undefined : labelReader(classes ?? [])(positive);
  if (scores && classes && (!labels || scores.length === labels.length)) {
    return {
      task,
      labels: labels ?? Array.from(scores, (score) => classes[Number(score > 0.5)]!),
      numbers: named === 0 ? scores.map((score) => 1 - score) : scores,
      width: 1,
      positive: 0,
      classes,
    };
  }
  return {
    task,
    labels,
    numbers: scores,
    width: classes?.length ?? 1,
    positive: named ?? Math.max(0, (classes?.length ?? 1) - 1),
    classes,
  };
}

function sameAnswer(before: Asked, after: Asked, row: number, tolerance: number): boolean {
  const { width } = before;
  if (before.numbers && after.numbers) {
    for (let at = row * width; at < (row + 1) * width; at++) {
      if (Math.abs(before.numbers[at]! - after.numbers[at]!) > tolerance) return false;
    }
    if (tolerance > 0) return true;
  }
  return before.labels?.at(row) === after.labels?.at(row);
}

/** @throws InputError when the model gives labels only, or there are more classes than two. */
function leading({ task, numbers, width, positive }: Asked, test: TestConfig): Float64Array {
  if (task === 'multiclass')
    throw wrong(test, 'a model of several classes has no one score that could go up or down');
  if (!numbers) throw wrong(test, 'the model gives labels only, no scores');
  return Float64Array.from({ length: numbers.length / width }, (_, row) => numbers[row * width + positive]!);
}

function isExpected(
  { task, numbers, labels, classes }: Asked,
  row: number,
  expected: string | number | boolean,
  tolerance: number,
): boolean {
  if (task === 'regression') return Math.abs(numbers![row]! - Number(expected)) <= tolerance;
  const label = labels?.at(row) ?? '';
  const read = labelReader(classes ?? [label]);
  return read(label) === read(String(expected));
}

function told({ task, labels, numbers, width, positive }: Asked, row: number): string {
  if (task === 'regression') return figure(numbers![row]);
  const label = shorten(labels?.at(row) ?? '');
  return numbers && task === 'binary' ? `${label} (${figure(numbers[row * width + positive])})` : label;
}

function shorten(text: string): string {
  return text.length <= 40 ? text : `${text.slice(0, 39)}…`;
}

function wrong(test: TestConfig, message: string): InputError {
  return new InputError(
    fault(
      'behavioural-test',
      `the test "${test.name}" cannot be run: ${message}`,
      undefined,
      'Correct the test in rastro.yaml.',
    ),
  );
}
