/** Measures, intervals, comparison, verdict. */
export { type AnswerColumn, answerColumns } from './answer-columns.ts';
export { jackknifeInterval } from './bootstrap.ts';
export { type Goal, type KnownMetric, knownMetric, metricNamed, metricsOf, type Task } from './catalogue.ts';
export { chosenThreshold } from './chosen-threshold.ts';
export { CodedTexts, codedBy, codedTexts, codeIn, joinTexts, type Texts } from './coded-texts.ts';
export { type CompareRequest, type CompareResult, compare } from './compare.ts';
export type { CompareMethod, Comparison, MetricVerdict } from './comparison.ts';
export { chiSquareTail, normalQuantile, normalTail } from './distributions.ts';
export { type EvaluateRequest, evaluate } from './evaluate.ts';
export { benjaminiHochberg } from './false-discovery.ts';
export { flatMetrics, plotFiles } from './flat-files.ts';
export { mase, naiveError } from './forecast.ts';
export { type Importance, type ImportanceRequest, permutationImportance } from './importance.ts';
export { joinNumbers } from './join-numbers.ts';
export { labelReader } from './labels.ts';
export type { MetricSpec } from './metric-spec.ts';
export { type Churn, type PairedRows, whyNotPaired } from './paired-rows.ts';
export { delong, mcnemar } from './paired-tests.ts';
export { type RandomSource, randomSource } from './random.ts';
export {
  Evaluation,
  EvaluationRecord,
  MetricValue,
  measuredValue,
  readRecord,
  TestResult,
  writeRecord,
} from './record.ts';
export type { Difference } from './record-differences.ts';
export { meanAveragePrecision, meanReciprocalRank, ndcg } from './retrieval.ts';
export type { Answers, Question } from './sample.ts';
export { type Slice, type SliceSource, slicesOf } from './slices.ts';
export type { ThresholdGoal } from './thresholds.ts';
