import { z } from 'zod';
import { Name, Scalar } from './config-values.ts';

const Tensor = z
  .strictObject({
    type: z.string().optional().describe('Element type in the words of ONNX: float, int64, string, …'),
    shape: z
      .array(z.union([z.number().int().nonnegative(), z.string(), z.null()]))
      .optional()
      .describe('Dimensions; a name or null for one that is free.'),
  })
  .describe('One tensor. What is left out may be anything.');

const Tensors = z.record(z.string(), Tensor.prefault({}));

/** What the model file itself must be. */
export const Specification = z
  .strictObject({
    inputs: Tensors.optional().describe('Inputs by name: these, and no others.'),
    outputs: Tensors.optional().describe('Outputs by name: these, and no others.'),
    min_opset: z.number().int().positive().optional().describe('Lowest version of the operator set.'),
    max_opset: z.number().int().positive().optional().describe('Highest version of the operator set.'),
    max_size: z
      .string()
      .regex(/^\d+(\.\d+)?\s*(B|kB|MB|GB)$/, 'give a size such as 500 kB or 20 MB')
      .optional()
      .describe('Largest file, such as 20 MB (of 1000 kB).'),
    max_p50_ms: z.number().positive().optional().describe('Median time for one row, in milliseconds.'),
    max_p95_ms: z.number().positive().optional().describe('Time for one row that 95 % keep.'),
    max_p99_ms: z.number().positive().optional().describe('Time for one row that 99 % keep.'),
    min_rows_per_second: z.number().positive().optional().describe('Lowest throughput at a batch.'),
  })
  .describe('What the model file must be: signature, operator set, size, speed on the runner.');

const where = z
  .string()
  .min(1)
  .optional()
  .describe('SQL condition: only rows of the evaluation data where it holds.');
const tolerance = z
  .number()
  .nonnegative()
  .default(0)
  .describe('How far a score or a value may move. With 0, labels must be the same too.');
const maxFailures = z
  .number()
  .min(0)
  .max(1)
  .default(0)
  .describe('Share of rows that may fail before the test does.');
const maxRows = z
  .number()
  .int()
  .positive()
  .default(1000)
  .describe('At most this many rows, from the first that fit.');
const name = z.string().min(1).describe('What the test says, in a sentence.');

const Invariance = z
  .strictObject({
    kind: z.literal('invariance').describe('Changing the column must not change the answer.'),
    name,
    column: z.string().describe('Column to change.'),
    values: z
      .array(Scalar)
      .min(1)
      .optional()
      .describe('Values to set it to, one after another. Default: those that the rows hold.'),
    where,
    tolerance,
    max_failures: maxFailures,
    max_rows: maxRows,
  })
  .describe('Changing this column must not change the answer.');

const Direction = z
  .strictObject({
    kind: z.literal('direction').describe('Changing the column must move the answer one way.'),
    name,
    column: z.string().describe('Numeric column to change.'),
    by: z
      .number()
      .refine((by) => by !== 0, 'give a number other than 0')
      .describe('How much to add to it.'),
    expect: z
      .enum(['not-lower', 'not-higher', 'higher', 'lower'])
      .describe('What the score of the positive class, or the value, must then be.'),
    where,
    tolerance,
    max_failures: maxFailures,
    max_rows: maxRows,
  })
  .describe('Raising or lowering this column must move the answer this way.');

const Functionality = z
  .strictObject({
    kind: z.literal('functionality').describe('These rows must get these answers.'),
    name,
    rows: z
      .array(
        z.strictObject({
          row: z.record(z.string(), z.union([Scalar, z.null()])).describe('Feature to value.'),
          expect: Scalar.optional().describe('The label, or the value within the tolerance.'),
          min: z.number().optional().describe('Lowest score of the positive class, or value.'),
          max: z.number().optional().describe('Highest score of the positive class, or value.'),
        }),
      )
      .min(1)
      .describe('Rows, each with the answer that it must get.'),
    tolerance,
  })
  .describe('These rows must get these answers.');

const Golden = z
  .strictObject({
    kind: z.literal('golden').describe('The answers must be those of a dataset.'),
    name,
    data: Name.describe('Dataset with the features and the answers that once were given.'),
    prediction: z.string().optional().describe('Its column with the label or value.'),
    score: z.string().optional().describe('Its column with the score of the positive class.'),
    tolerance: z.number().nonnegative().default(1e-6).describe('How far a score or a value may be off.'),
    max_failures: maxFailures,
  })
  .refine((golden) => golden.prediction !== undefined || golden.score !== undefined, {
    message: 'name "prediction", "score" or both',
  })
  .describe('The model must still answer as it is written there.');

/** What the model must do, row by row, whatever its metrics. */
export const BehaviouralTest = z
  .discriminatedUnion('kind', [Invariance, Direction, Functionality, Golden])
  .describe('A behavioural test.');
