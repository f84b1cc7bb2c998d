import type { Feature, NumericFeature } from '../features.ts';
import type { CategoricalTerm, NumericTerm, Term } from '../linear/design.ts';
import type { LinearModel } from '../linear/fit.ts';
import type { GraphBuilder } from './graph.ts';
import { integerCodes, numericMatrix } from './inputs.ts';

/**
 * Adds the scores [N, outputs] of a linear model to a graph. Numbers are centred before they are multiplied: in 32-bit
 * floats, folding the mean into the intercept would cancel digits of columns such as years. The scale is folded into the
 * coefficients. A category looks its coefficients up; one that is not known adds nothing.
 */
export function addLinearScores(
  graph: GraphBuilder,
  model: LinearModel,
  features: readonly Feature[],
  output: string,
): void {
  const parts = features.map((feature, index) => ({ feature, term: model.design.terms[index]! }));
  const numeric = parts.flatMap(({ feature, term }) =>
    feature.kind === 'numeric' && term.kind === 'numeric' ? [{ feature, term }] : [],
  );
  const scores = parts.flatMap(({ feature, term }) => {
    if (feature.kind !== 'categorical' || term.kind !== 'categorical') return [];
    return [lookUp(graph, integerCodes(graph, feature), term, model)];
  });
  if (numeric.length > 0) scores.unshift(product(graph, numeric, model));
  const intercepts = graph.constant(Float32Array.from(model.intercepts), [1, model.intercepts.length]);
  graph.node('Sum', [...scores, intercepts], { output });
}

function product(
  graph: GraphBuilder,
  parts: readonly { feature: NumericFeature; term: NumericTerm }[],
  model: LinearModel,
): string {
  const means = Float32Array.from(parts, ({ term }) => term.mean);
  const weights = parts.flatMap(({ term }) => weightsOf(term, 0, term.scale, model));
  const matrix = numericMatrix(
    graph,
    parts.map(({ feature }) => feature),
  );
  const filled = graph.node('Imputer', [matrix], {
    domain: 'ai.onnx.ml',
    attributes: { imputed_value_floats: means, replaced_value_float: Number.NaN },
  });
  const centred = graph.node('Sub', [filled, graph.constant(means, [1, means.length])]);
  const outputs = model.intercepts.length;
  return graph.node('MatMul', [centred, graph.constant(Float32Array.from(weights), [parts.length, outputs])]);
}

function lookUp(graph: GraphBuilder, codes: string, term: CategoricalTerm, model: LinearModel): string {
  const outputs = model.intercepts.length;
  const known = Array.from({ length: term.width }, (_, code) => weightsOf(term, code, 1, model)).flat();
  const unknown = new Array<number>(outputs).fill(0);
  const table = graph.constant(Float32Array.from([...known, ...unknown]), [term.width + 1, outputs]);
  // Codes are [N, 1], so what is looked up is [N, 1, outputs].
  const rows = graph.node('Gather', [table, codes]);
  return graph.node('Squeeze', [rows, graph.constant([1])]);
}

/** The coefficients of one place of a term, one per output. */
function weightsOf(term: Term, place: number, scale: number, model: LinearModel): number[] {
  return model.coefficients.map((coefficients) => coefficients[term.start + place]! * scale);
}
