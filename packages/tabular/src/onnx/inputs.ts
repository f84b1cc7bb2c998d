import type { CategoricalFeature, Feature, NumericFeature } from '../features.ts';
import type { GraphBuilder } from './graph.ts';

/** More numeric features than this are read from one tensor: a runtime pays for each input of each call. */
const MAX_SEPARATE_INPUTS = 64;

/** The one input of a model with many features, all numeric: [N, features] in their order. */
export const MATRIX_INPUT = 'input';

export function hasMatrixInput(features: readonly Feature[]): boolean {
  return features.length > MAX_SEPARATE_INPUTS && features.every((feature) => feature.kind === 'numeric');
}

export function inputNames(features: readonly Feature[]): string[] {
  return hasMatrixInput(features) ? [MATRIX_INPUT] : features.map((feature) => feature.name);
}

/** Declares the inputs: a column [N, 1] per feature under its name, of floats or strings; or the one matrix. */
export function declareInputs(graph: GraphBuilder, features: readonly Feature[]): void {
  if (hasMatrixInput(features)) {
    graph.input(MATRIX_INPUT, 'float', features.length);
    return;
  }
  for (const { name, kind } of features) graph.input(name, kind === 'numeric' ? 'float' : 'string', 1);
}

/** The numeric features side by side: [N, features]. */
export function numericMatrix(graph: GraphBuilder, features: readonly NumericFeature[]): string {
  return hasMatrixInput(features)
    ? MATRIX_INPUT
    : concatenate(
        graph,
        features.map(({ name }) => name),
      );
}

/** All features side by side, [N, features]: numbers as they are, a category as its code, one that is not known as -1. */
export function codedMatrix(graph: GraphBuilder, features: readonly Feature[]): string {
  if (hasMatrixInput(features)) return MATRIX_INPUT;
  const columns = features.map((feature) =>
    feature.kind === 'numeric' ? feature.name : floatCodes(graph, feature),
  );
  return concatenate(graph, columns);
}

function floatCodes(graph: GraphBuilder, { name, categories }: CategoricalFeature): string {
  return graph.node('LabelEncoder', [name], {
    domain: 'ai.onnx.ml',
    attributes: {
      keys_strings: categories,
      values_floats: Float32Array.from(categories, (_, code) => code),
      default_float: -1,
    },
  });
}

/** The codes of one categorical feature as integers [N, 1]; a category that is not known is one past the last. */
export function integerCodes(graph: GraphBuilder, { name, categories }: CategoricalFeature): string {
  return graph.node('LabelEncoder', [name], {
    domain: 'ai.onnx.ml',
    attributes: {
      keys_strings: categories,
      values_int64s: Int32Array.from(categories, (_, code) => code),
      default_int64: { int: categories.length },
    },
  });
}

function concatenate(graph: GraphBuilder, columns: readonly string[]): string {
  const [only, ...others] = columns;
  if (only !== undefined && others.length === 0) return only;
  return graph.node('Concat', columns, { attributes: { axis: { int: 1 } } });
}
