import type { EvaluationRecord } from './record.ts';

/** Something besides numbers that is not the same in two records. `null` where one side has none. */
export interface Difference {
  readonly kind: 'signature' | 'parameter' | 'data' | 'threshold' | 'classes';
  readonly what: string;
  readonly before: string | null;
  readonly after: string | null;
}

export function differencesOf(before: EvaluationRecord, after: EvaluationRecord): Difference[] {
  const thresholdOf = ({ evaluation }: EvaluationRecord) =>
    new Map(evaluation.threshold === undefined ? [] : [['threshold', String(evaluation.threshold)]]);
  const classesOf = ({ evaluation }: EvaluationRecord) =>
    new Map(evaluation.classes ? [['classes', evaluation.classes.join(', ')]] : []);
  return [
    ...differing('signature', tensorsOf(before), tensorsOf(after)),
    ...differing('parameter', paramsOf(before), paramsOf(after)),
    ...differing('data', filesOf(before), filesOf(after)),
    ...differing('threshold', thresholdOf(before), thresholdOf(after)),
    ...differing('classes', classesOf(before), classesOf(after)),
  ];
}

function differing(
  kind: Difference['kind'],
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): Difference[] {
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((what) => before.get(what) !== after.get(what))
    .map((what) => ({ kind, what, before: before.get(what) ?? null, after: after.get(what) ?? null }));
}

function tensorsOf({ signature }: EvaluationRecord): Map<string, string> {
  if (!signature) return new Map();
  const described = (['inputs', 'outputs'] as const).flatMap((side) =>
    signature[side].map(({ name, type, shape }): [string, string] => [
      `${side === 'inputs' ? 'input' : 'output'} ${name}`,
      `${type}[${shape.map((size) => size ?? '?').join(', ')}]`,
    ]),
  );
  return new Map([...described, ['opset', String(signature.opset ?? 'none')]]);
}

function paramsOf({ params }: EvaluationRecord): Map<string, string> {
  return new Map(Object.entries(params).map(([name, value]) => [name, JSON.stringify(value)]));
}

function filesOf({ data, tuning }: EvaluationRecord): Map<string, string> {
  return new Map([...data.files, ...(tuning?.files ?? [])].map(({ path, sha256 }) => [path, sha256]));
}

/** Whether both records are of the same data files. */
export function isSameData(before: EvaluationRecord, after: EvaluationRecord): boolean {
  return digests(before) === digests(after);
}

function digests({ data }: EvaluationRecord): string {
  return data.files.map(({ sha256 }) => sha256).join(' ');
}
