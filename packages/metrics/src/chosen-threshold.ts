import { type Answers, type Question, readSample } from './sample.ts';
import type { ThresholdGoal } from './thresholds.ts';

/**
 * The threshold that a rule chooses on these rows: one of their scores.
 * @throws InputError when none keeps what is asked, there are no scores, or truth and answers do not fit (see `readSample`).
 */
export function chosenThreshold(
  question: Omit<Question, 'threshold'>,
  answers: Answers,
  rule: ThresholdGoal,
): number {
  const sample = readSample({ ...question, threshold: rule }, answers);
  if (sample.task === 'regression') throw new TypeError('a regression has no threshold');
  return sample.threshold!;
}
