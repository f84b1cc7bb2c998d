import type { Ensemble } from '../boosting/boost.ts';
import type { Task } from '../column.ts';
import type { Feature } from '../features.ts';
import type { LinearModel } from '../linear/fit.ts';
import type { Target } from '../target.ts';
import { addEnsembleScores } from './ensemble-scores.ts';
import { GraphBuilder } from './graph.ts';
import { declareInputs, inputNames } from './inputs.ts';
import { addLinearScores } from './linear-scores.ts';

/**
 * Writes a trained model as ONNX. Inputs are the features by name, [N, 1] each, or one `input` [N, F] for many numeric
 * ones. A classifier answers `label` [N] and `probabilities` [N, classes]; a regression `prediction` [N, 1].
 */
export function writeModel(trained: {
  readonly model: Ensemble | LinearModel;
  readonly features: readonly Feature[];
  readonly target: Target;
  readonly targetName: string;
  readonly task: Task;
}): Uint8Array {
  const { model, features, target } = trained;
  const graph = new GraphBuilder([...inputNames(features), 'label', 'probabilities', 'prediction']);
  declareInputs(graph, features);
  const scores = target.kind === 'numbers' ? 'prediction' : graph.fresh('scores');
  if (model.kind === 'linear') addLinearScores(graph, model, features, scores);
  else addEnsembleScores(graph, model, features, scores);
  if (target.kind === 'numbers') graph.output('prediction', 'float', [1]);
  else addClasses(graph, scores, target.classes);
  return graph.finish({
    algorithm: model.kind,
    task: trained.task,
    target: trained.targetName,
    features: JSON.stringify(features.map((feature) => feature.name)),
  });
}

/** One score is the log odds of the second class; more are log probabilities up to a constant. */
function addClasses(
  graph: GraphBuilder,
  scores: string,
  classes: readonly string[] | readonly number[],
): void {
  const isBinary = classes.length === 2;
  if (isBinary) {
    const second = graph.node('Sigmoid', [scores]);
    const first = graph.node('Sub', [graph.constant(Float32Array.of(1)), second]);
    graph.node('Concat', [first, second], { attributes: { axis: { int: 1 } }, output: 'probabilities' });
  } else {
    graph.node('Softmax', [scores], { attributes: { axis: { int: 1 } }, output: 'probabilities' });
  }
  const likeliest = graph.node('ArgMax', ['probabilities'], {
    // A probability of exactly one half counts as the second class.
    attributes: { axis: { int: 1 }, keepdims: { int: 0 }, select_last_index: { int: isBinary ? 1 : 0 } },
  });
  graph.node('Gather', [graph.constant(classes), likeliest], { output: 'label' });
  graph.output('label', typeof classes[0] === 'string' ? 'string' : 'int64', []);
  graph.output('probabilities', 'float', [classes.length]);
}
