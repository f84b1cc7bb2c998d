import type { ModelConfig } from '@rastro/lineage';
import type { EvaluationRecord } from '@rastro/metrics';
import type { Latency } from './latency.ts';
import { bytes, figure } from './report.ts';

type Specification = NonNullable<NonNullable<ModelConfig['evaluate']>['specification']>;
type Signature = NonNullable<EvaluationRecord['signature']>;
type Tensors = NonNullable<Specification['inputs']>;

const UNITS: Readonly<Record<string, number>> = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9 };

/** What of the specification a model file breaks, each as a phrase. Predictions have no file to specify. */
export function specificationBreaches(
  specification: Specification | undefined,
  { signature, model }: Pick<EvaluationRecord, 'signature' | 'model'>,
): string[] {
  if (!specification) return [];
  if (!signature) return ['there is no model file to hold to the specification'];
  const { inputs, outputs, min_opset, max_opset, max_size } = specification;
  const { opset } = signature;
  const [, number, unit] = /^([\d.]+)\s*(\w+)$/.exec(max_size ?? '') ?? [];
  const most = number === undefined ? Number.POSITIVE_INFINITY : Number(number) * UNITS[unit!]!;
  return [
    ...tensorBreaches('input', inputs, signature.inputs),
    ...tensorBreaches('output', outputs, signature.outputs),
    ...(min_opset !== undefined && (opset ?? 0) < min_opset
      ? [`the operator set is ${opset ?? 'none'}, below ${min_opset}`]
      : []),
    ...(max_opset !== undefined && (opset ?? 0) > max_opset
      ? [`the operator set is ${opset}, above ${max_opset}`]
      : []),
    ...(model.size > most ? [`the file has ${bytes(model.size)}, more than ${max_size}`] : []),
  ];
}

/** What of the specification the measured speed breaks. A limit without a measurement is broken. */
export function latencyBreaches(
  specification: Specification | undefined,
  latency: Latency | undefined,
): string[] {
  if (!specification) return [];
  const slow = (['p50', 'p95', 'p99'] as const).flatMap((name) => {
    const most = specification[`max_${name}_ms`];
    if (most === undefined) return [];
    if (!latency) return [`the ${name} time of one row was not measured`];
    return latency[name] > most
      ? [`one row takes ${figure(latency[name])} ms at ${name}, more than ${most}`]
      : [];
  });
  const least = specification.min_rows_per_second;
  if (least === undefined) return slow;
  if (!latency) return [...slow, 'the throughput was not measured'];
  return latency.rowsPerSecond < least
    ? [...slow, `${figure(latency.rowsPerSecond)} rows per second, fewer than ${least}`]
    : slow;
}

/** Whether a limit asks for the speed to be measured. */
export function limitsSpeed(specification: Specification | undefined): boolean {
  if (!specification) return false;
  const { max_p50_ms, max_p95_ms, max_p99_ms, min_rows_per_second } = specification;
  return [max_p50_ms, max_p95_ms, max_p99_ms, min_rows_per_second].some((limit) => limit !== undefined);
}

function tensorBreaches(
  side: 'input' | 'output',
  asked: Tensors | undefined,
  found: Signature['inputs'],
): string[] {
  if (!asked) return [];
  const surplus = found
    .filter(({ name }) => !(name in asked))
    .map(({ name }) => `${side} ${name} is not asked for`);
  const wrong = Object.entries(asked).flatMap(([name, { type, shape }]) => {
    const tensor = found.find((candidate) => candidate.name === name);
    if (!tensor) return [`${side} ${name} is not there`];
    if (type !== undefined && type !== tensor.type) return [`${side} ${name} is ${tensor.type}, not ${type}`];
    return shape && !sameShape(shape, tensor.shape)
      ? [`${side} ${name} has the shape ${shapeText(tensor.shape)}, not ${shapeText(shape)}`]
      : [];
  });
  return [...wrong, ...surplus];
}

type Shape = Signature['inputs'][number]['shape'];

/** Names of free dimensions say nothing: `N` and `batch` are the same. */
function sameShape(asked: Shape, found: Shape): boolean {
  const isFree = (size: Shape[number] | undefined) => typeof size !== 'number';
  return (
    asked.length === found.length &&
    asked.every((size, index) => (isFree(size) ? isFree(found[index]) : size === found[index]))
  );
}

function shapeText(shape: Shape): string {
  return `[${shape.map((size) => size ?? '?').join(', ')}]`;
}
