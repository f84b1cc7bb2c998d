import { floats, node, onnxModel } from '../../packages/engine/test/onnx-model.ts';

/**
 * A model that judges customers as they were made, and cannot answer for one who spends nothing: it looks the spending up
 * in a table that begins at 20. Evaluation sees no such row; a smoke test sends one.
 */
export function brittleModel(): Buffer {
  return onnxModel({
    inputs: ['tenure', 'calls', 'spend'].map((name) => [name, 'float', [null, 1]] as const),
    outputs: [['probabilities', 'float', [null, 2]]],
    constants: [
      floats('per_call', [1], [0.5]),
      floats('per_month', [1], [-0.07]),
      floats('base', [1], [-0.7]),
      floats('one', [1], [1]),
      floats('offset', [1], [90]),
      floats('table', [71], new Array(71).fill(0)),
    ],
    nodes: [
      node('Mul', ['calls', 'per_call'], ['by_calls']),
      node('Mul', ['tenure', 'per_month'], ['by_tenure']),
      node('Add', ['by_calls', 'by_tenure'], ['both']),
      node('Add', ['both', 'base'], ['leaning']),
      // Of 20 to 80 this makes -70 to -10, which count from the end of the table; of 0 it makes -90, which is before it.
      node('Sub', ['spend', 'offset'], ['shifted']),
      node('Cast', ['shifted'], ['index'], { to: 7 }),
      node('Gather', ['table', 'index'], ['by_spend']),
      node('Add', ['leaning', 'by_spend'], ['logit']),
      node('Sigmoid', ['logit'], ['leaves']),
      node('Sub', ['one', 'leaves'], ['stays']),
      node('Concat', ['stays', 'leaves'], ['probabilities'], { axis: 1 }),
    ],
  });
}
