import { type Answers, type Question, readSample } from './sample.ts';

/** A column as a query sees it. */
export interface AnswerColumn {
  readonly name: string;
  readonly values: Float64Array | string[];
}

/**
 * Truth and answers as columns: `truth` and `prediction` (labels in the words of the classes, or values) and the scores:
 * `score` of the positive class, or `score_<class>` of each.
 * @throws InputError when truth and answers do not fit each other (see `readSample`)
 */
export function answerColumns(question: Question, answers: Answers): AnswerColumn[] {
  const sample = readSample(question, answers);
  if (sample.task === 'regression') {
    return [
      { name: 'truth', values: sample.truth },
      { name: 'prediction', values: sample.predicted },
    ];
  }
  const { classes, scores, width } = sample;
  const named = (codes: Uint16Array) => Array.from(codes, (code) => classes[code]!);
  const columnAt = (index: number) =>
    Float64Array.from({ length: sample.rows }, (_, row) => scores![row * width + index]!);
  return [
    { name: 'truth', values: named(sample.truth) },
    { name: 'prediction', values: named(sample.predicted) },
    ...(scores && width === 1 ? [{ name: 'score', values: scores }] : []),
    ...(scores && width > 1
      ? classes.map((label, index) => ({ name: `score_${label}`, values: columnAt(index) }))
      : []),
  ];
}
