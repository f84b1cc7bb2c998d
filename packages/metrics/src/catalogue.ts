import { fault, InputError } from '@rastro/fault';

export type Task = 'binary' | 'multiclass' | 'regression';
export type Goal = 'max' | 'min';

/** What a metric is, for people, and what is known of it before any number. */
export interface KnownMetric {
  readonly name: string;
  /** Which way is better. */
  readonly goal: Goal;
  readonly tasks: readonly Task[];
  readonly description: string;
  /**
   * What the model must answer with: a label or value for each row, a score to rank by, or probabilities; or what must be
   * known of the rows besides: the query that each belongs to, the series before a forecast.
   */
  readonly needs: 'answers' | 'scores' | 'probabilities' | 'groups' | 'series';
  /** Why there may be no value. */
  readonly undefinedWhen: string;
  /** Judged when nobody says which metrics decide. */
  readonly usual: boolean;
}

const CLASSES: readonly Task[] = ['binary', 'multiclass'];
const BINARY: readonly Task[] = ['binary'];
const MULTICLASS: readonly Task[] = ['multiclass'];
const REGRESSION: readonly Task[] = ['regression'];
const NO_ROWS = 'there are no rows';
const NO_POSITIVE = 'no row of the truth is positive';
const NO_POSITIVE_AT_ALL = 'no row is positive, in the truth or as answered';
const ONE_CLASS = 'the truth holds one class only';
const ABSENT_CLASS = 'a class does not occur in the truth, or is the only one';
const CONSTANT = 'the truth is constant';

function metric(
  name: string,
  goal: Goal,
  tasks: readonly Task[],
  needs: KnownMetric['needs'],
  description: string,
  undefinedWhen = NO_ROWS,
  usual = false,
): KnownMetric {
  return { name, goal, tasks, needs, description, undefinedWhen, usual };
}

const AVERAGES = [
  ['macro', 'plain mean over the classes'],
  ['micro', 'of the counts summed over the classes'],
  ['weighted', 'mean over the classes weighted by their rows'],
] as const;

const METRICS: readonly KnownMetric[] = [
  metric('accuracy', 'max', CLASSES, 'answers', 'share of rows answered rightly', NO_ROWS, true),
  metric('balanced_accuracy', 'max', CLASSES, 'answers', 'mean recall over the classes'),
  metric('precision', 'max', BINARY, 'answers', 'share of rows called positive that are', NO_POSITIVE_AT_ALL),
  metric('recall', 'max', BINARY, 'answers', 'share of positive rows that were found', NO_POSITIVE),
  metric(
    'specificity',
    'max',
    BINARY,
    'answers',
    'share of negative rows that were let be',
    'every row of the truth is positive',
  ),
  metric('f1', 'max', BINARY, 'answers', 'harmonic mean of precision and recall', NO_POSITIVE_AT_ALL, true),
  ...AVERAGES.flatMap(([average, how]) => [
    metric(`precision_${average}`, 'max', MULTICLASS, 'answers', `precision, ${how}`),
    metric(`recall_${average}`, 'max', MULTICLASS, 'answers', `recall, ${how}`),
    metric(`f1_${average}`, 'max', MULTICLASS, 'answers', `F1, ${how}`, NO_ROWS, average === 'macro'),
  ]),
  metric('mcc', 'max', CLASSES, 'answers', 'Matthews correlation coefficient'),
  metric(
    'cohen_kappa',
    'max',
    CLASSES,
    'answers',
    'agreement beyond chance',
    'truth and predictions are one and the same class',
  ),
  metric(
    'roc_auc',
    'max',
    BINARY,
    'scores',
    'chance that a positive row outranks a negative one',
    ONE_CLASS,
    true,
  ),
  metric('average_precision', 'max', BINARY, 'scores', 'area under precision by recall', NO_POSITIVE),
  metric(
    'roc_auc_ovr',
    'max',
    MULTICLASS,
    'scores',
    'AUC of each class against the rest, mean',
    ABSENT_CLASS,
  ),
  metric(
    'roc_auc_ovr_weighted',
    'max',
    MULTICLASS,
    'scores',
    'AUC of each class against the rest, mean weighted by rows',
    ONE_CLASS,
  ),
  metric(
    'roc_auc_ovo',
    'max',
    MULTICLASS,
    'scores',
    'AUC of each pair of classes that occur, mean',
    ONE_CLASS,
  ),
  metric(
    'roc_auc_ovo_weighted',
    'max',
    MULTICLASS,
    'scores',
    'AUC of each pair of classes that occur, mean weighted by rows',
    ONE_CLASS,
  ),
  metric(
    'average_precision_macro',
    'max',
    MULTICLASS,
    'scores',
    'average precision of each class, mean',
    NO_ROWS,
  ),
  metric(
    'log_loss',
    'min',
    CLASSES,
    'probabilities',
    'minus the mean log probability of the truth, in nats',
    NO_ROWS,
    true,
  ),
  metric('brier', 'min', CLASSES, 'probabilities', 'mean squared distance of probabilities from the truth'),
  metric('ece', 'min', CLASSES, 'probabilities', 'expected calibration error over ten bins'),
  metric('mae', 'min', REGRESSION, 'answers', 'mean absolute error', NO_ROWS, true),
  metric('mse', 'min', REGRESSION, 'answers', 'mean squared error'),
  metric('rmse', 'min', REGRESSION, 'answers', 'root of the mean squared error', NO_ROWS, true),
  metric('r2', 'max', REGRESSION, 'answers', 'share of variance explained', CONSTANT, true),
  metric('explained_variance', 'max', REGRESSION, 'answers', 'as r2, but blind to a constant bias', CONSTANT),
  metric('mape', 'min', REGRESSION, 'answers', 'mean of |error| / |truth|', 'the truth holds a zero'),
  metric('smape', 'min', REGRESSION, 'answers', 'mean of 2 |error| / (|truth| + |prediction|)'),
  metric('median_ae', 'min', REGRESSION, 'answers', 'median absolute error'),
  metric('max_error', 'min', REGRESSION, 'answers', 'greatest absolute error'),
  metric(
    'd2_absolute_error',
    'max',
    REGRESSION,
    'answers',
    'share of absolute deviation explained',
    CONSTANT,
  ),
];

const RANKED: readonly Task[] = ['binary', 'regression'];

/** Metrics that are told only where the rows have what they need. */
const CONTEXT_METRICS: readonly KnownMetric[] = [
  metric('map', 'max', RANKED, 'groups', 'mean average precision over the queries'),
  metric('mrr', 'max', RANKED, 'groups', 'mean reciprocal rank of the first relevant row of each query'),
  metric(
    'mase',
    'min',
    REGRESSION,
    'series',
    'mean absolute error by that of the naive forecast',
    'the training series repeats itself exactly',
  ),
];

/** Metrics with a parameter in their name. */
const FAMILIES: readonly {
  readonly pattern: RegExp;
  readonly example: string;
  readonly isValid: (parameter: number) => boolean;
  readonly describe: (name: string, parameter: number) => KnownMetric;
}[] = [
  {
    pattern: /^f(\d+(?:_\d+)?)$/,
    example: 'f2',
    isValid: (beta) => beta > 0,
    describe: (name, beta) =>
      metric(name, 'max', BINARY, 'answers', `F score, recall counting ${beta} times`, NO_POSITIVE_AT_ALL),
  },
  {
    pattern: /^top_(\d+)_accuracy$/,
    example: 'top_3_accuracy',
    isValid: (k) => k >= 1,
    describe: (name, k) =>
      metric(name, 'max', MULTICLASS, 'scores', `share of rows whose truth is among the ${k} best scores`),
  },
  {
    pattern: /^lift_at_(\d+)$/,
    example: 'lift_at_10',
    isValid: (percent) => percent >= 1 && percent <= 100,
    describe: (name, percent) =>
      metric(
        name,
        'max',
        BINARY,
        'scores',
        `share of positives in the best ${percent} % by that in all`,
        NO_POSITIVE,
      ),
  },
  {
    pattern: /^ndcg_at_(\d+)$/,
    example: 'ndcg_at_10',
    isValid: (k) => k >= 1,
    describe: (name, k) =>
      metric(name, 'max', RANKED, 'groups', `normalised discounted cumulative gain of the first ${k}`),
  },
  {
    pattern: /^pinball_(0_\d+)$/,
    example: 'pinball_0_9',
    isValid: (alpha) => alpha > 0,
    describe: (name, alpha) =>
      metric(name, 'min', REGRESSION, 'answers', `pinball loss at quantile ${alpha}`),
  },
  {
    pattern: /^d2_pinball_(0_\d+)$/,
    example: 'd2_pinball_0_9',
    isValid: (alpha) => alpha > 0,
    describe: (name, alpha) =>
      metric(name, 'max', REGRESSION, 'answers', `share of pinball loss explained at ${alpha}`, CONSTANT),
  },
];

/** Metrics that are told when none is asked for, besides all without a parameter. */
const TOLD_FAMILIES = ['f2', 'f0_5', 'lift_at_10', 'top_2_accuracy', 'top_3_accuracy', 'top_5_accuracy'];

/** The number in a metric's name: `f0_5` 0.5, `top_3_accuracy` 3. */
export function parameterOf(name: string): number | undefined {
  for (const { pattern } of FAMILIES) {
    const found = pattern.exec(name)?.[1];
    if (found) return Number(found.replace('_', '.'));
  }
  return undefined;
}

/** What is known of a metric; undefined for a name that is not one of ours. */
export function knownMetric(name: string): KnownMetric | undefined {
  const plain = [...METRICS, ...CONTEXT_METRICS].find((known) => known.name === name);
  if (plain) return plain;
  const family = FAMILIES.find(({ pattern }) => pattern.test(name));
  const parameter = parameterOf(name);
  if (!family || parameter === undefined || !family.isValid(parameter)) return undefined;
  return family.describe(name, parameter);
}

/** Every metric of a task that is told by default, in the order of the documentation. */
export function metricsOf(task: Task): KnownMetric[] {
  const families = TOLD_FAMILIES.map((name) => knownMetric(name)!);
  return [...METRICS, ...families].filter(({ tasks }) => tasks.includes(task));
}

/** @throws InputError for a name that is not a metric of the task, naming those that are. */
export function metricNamed(name: string, task: Task): KnownMetric {
  const known = knownMetric(name);
  if (known?.tasks.includes(task)) return known;
  const names = metricsOf(task).map((each) => each.name);
  const others = [...FAMILIES.map(({ example }) => example), ...CONTEXT_METRICS.map((each) => each.name)];
  const examples = others.filter(
    (example) => knownMetric(example)!.tasks.includes(task) && !names.includes(example),
  );
  throw new InputError(
    fault(
      'unknown-metric',
      known ? `"${name}" is not a metric of a ${task} model` : `there is no metric "${name}"`,
      undefined,
      `Use one of ${[...names, ...examples].join(', ')}.`,
    ),
  );
}
