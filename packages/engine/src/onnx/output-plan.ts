import { fault, InputError } from '@rastro/fault';
import type { ScoringRequest } from '@rastro/usecases';
import { classesOf, zipMaps } from './classes.ts';
import type { Graph, GraphPort } from './graph.ts';
import { shapeText } from './input-plan.ts';

/** Which outputs to fetch, and what they are. */
export type OutputPlan =
  | { readonly kind: 'values'; readonly values: string }
  | {
      readonly kind: 'classes';
      readonly label: string | undefined;
      readonly scores: string | undefined;
      /** The classes in the order of the scores, when the model says so. */
      readonly classes: readonly string[] | undefined;
      /** Whether the scores are logits, when somebody says so. */
      readonly logits: boolean | undefined;
    };

const floats = ['float', 'double', 'float16'];
const labels = ['int64', 'int32', 'string', 'bool', 'uint8', 'int8'];

/**
 * Finds the label and the probabilities of a classifier, or the value of a regressor, among a model's outputs.
 * @param matrix the tensor behind a ZipMap, when it can be fetched
 * @throws InputError `model-outputs-unsupported` when nothing fits, or more than one output does
 */
export function planOutputs(
  graph: Graph,
  { task, outputs: named = {} }: Pick<ScoringRequest, 'task' | 'outputs'>,
  matrix: string | undefined,
): OutputPlan {
  const tensors = graph.outputs.filter(({ type }) => !type.includes('('));
  for (const name of [named.label, named.scores, named.value]) refuseAbsent(name, graph, tensors, matrix);
  const floating = tensors.filter(({ type }) => floats.includes(type));
  if (task === 'regression')
    return { kind: 'values', values: named.value ?? valueOutput(graph, tensors, floating) };

  const others = floating.filter(({ name }) => name !== named.label);
  const integral = tensors.filter(({ name, type }) => labels.includes(type) && name !== named.scores);
  const label = named.label ?? labelOutput(integral);
  const scores = named.scores ?? (others.length > 0 ? scoreOutput(others) : matrix);
  if (label === undefined && scores === undefined) {
    throw zipMaps(graph).length > 0
      ? unsupported(
          graph,
          'its classes come as maps only, which cannot be read',
          'Export the model with zipmap=False (skl2onnx: options={"zipmap": False}).',
        )
      : unsupported(graph, 'none of its outputs is a label or a matrix of probabilities');
  }
  return { kind: 'classes', label, scores, classes: classesOf(graph), logits: named.logits };
}

function refuseAbsent(
  name: string | undefined,
  graph: Graph,
  tensors: readonly GraphPort[],
  matrix: string | undefined,
): void {
  if (name === undefined || name === matrix || tensors.some((tensor) => tensor.name === name)) return;
  throw unsupported(
    graph,
    `it has no output ${JSON.stringify(name)} that is a tensor`,
    'Correct the names under "outputs:".',
  );
}

function valueOutput(graph: Graph, tensors: readonly GraphPort[], floating: readonly GraphPort[]): string {
  const candidates = floating.length > 0 ? floating : tensors.filter(({ type }) => type !== 'string');
  const [only, ...others] = candidates;
  if (!only) throw unsupported(graph, 'none of its outputs is a number per row');
  if (others.length > 0)
    throw unsupported(
      graph,
      'several of its outputs could be the predicted value',
      'Name the right one as "value" under "outputs:".',
    );
  const width = only.shape.slice(1).find((dimension) => typeof dimension === 'number' && dimension !== 1);
  if (width !== undefined) {
    throw unsupported(
      graph,
      `output ${JSON.stringify(only.name)} gives ${width} numbers per row, and a regression has one`,
      'Check the task of the model: this looks like a classifier, or a regression of several targets.',
    );
  }
  return only.name;
}

function labelOutput(candidates: readonly GraphPort[]): string | undefined {
  if (candidates.length === 0) return undefined;
  return onlyOne(candidates, /label|class|pred/i, { what: 'the label', key: 'label' });
}

function scoreOutput(candidates: readonly GraphPort[]): string {
  return onlyOne(candidates, /prob/i, { what: 'the probabilities', key: 'scores' });
}

/** The only candidate, or the only one that is named like what is sought. */
function onlyOne(
  candidates: readonly GraphPort[],
  pattern: RegExp,
  { what, key }: { what: string; key: string },
): string {
  const named = candidates.filter(({ name }) => pattern.test(name));
  const [only, ...others] = candidates.length === 1 ? candidates : named;
  if (only && others.length === 0) return only.name;
  throw new InputError(
    fault(
      'model-outputs-unsupported',
      `several outputs could be ${what}: ${candidates.map(({ name }) => name).join(', ')}`,
      undefined,
      `Name the right one as "${key}" under "outputs:", or export only that one.`,
    ),
  );
}

function unsupported(
  graph: Graph,
  why: string,
  next = 'Export the model with a label of shape [N] and probabilities of shape [N, classes], or with one value of shape [N].',
): InputError {
  const outputs = graph.outputs.map((output) => `${output.name} ${shapeText(output)}`).join(', ');
  return new InputError(
    fault('model-outputs-unsupported', `the model cannot be judged: ${why} (${outputs})`, undefined, next),
  );
}
