import { z } from 'zod';
import { Scalar } from './config-values.ts';

const METHODS = ['grid', 'random', 'sobol'] as const;
/** Searches that users of other tools ask for. Each trial waits for the answers of those before it; a matrix starts all at once. */
const SEQUENTIAL = ['tpe', 'bayes', 'bayesian'];

const Values = z.array(Scalar).min(1).refine(isDistinct, 'a value stands in the list twice');

const Range = z
  .strictObject({
    values: Values.optional().describe('The values to try; a list in place of this object says the same.'),
    min: z.number().optional().describe('Lowest value.'),
    max: z.number().optional().describe('Highest value.'),
    step: z.number().positive().optional().describe('Try only min, min + step, min + 2 step, … up to max.'),
    log: z
      .boolean()
      .default(false)
      .describe('Spread the values evenly over orders of magnitude, as a learning rate asks for.'),
    type: z
      .enum(['integer', 'number'])
      .optional()
      .describe('Whether only whole numbers are tried. Default: integer when min and max both are whole.'),
  })
  .superRefine(({ values, min, max, step, log, type }, { addIssue }) => {
    const refuse = (message: string, key?: string) =>
      addIssue({ code: 'custom', message, path: key === undefined ? [] : [key] });
    if (values !== undefined) {
      if ([min, max, step, type].some((one) => one !== undefined) || log)
        refuse('give either "values", or "min" and "max", and not both');
      return;
    }
    if (min === undefined || max === undefined) return refuse('give "values", or "min" and "max"');
    if (min >= max) refuse(`"max" must be above "min", which is ${min}`, 'max');
    if (log && min <= 0) refuse('a logarithmic range begins above 0', 'min');
    if (log && step !== undefined) refuse('give either "log" or "step", and not both', 'step');
    if (step !== undefined && step > max - min) refuse('a step may not be wider than the range', 'step');
    if (type === 'integer' && ![min, max, step ?? 1].every(Number.isInteger))
      refuse('a range of whole numbers has a whole "min", "max" and "step"');
  })
  .describe('A range of numbers, or a list of values.');

const ParameterSpace = z.union([Values, Range]);
export type ParameterSpace = z.output<typeof ParameterSpace>;

/** The section `sweep:` of a model. */
export const Sweep = z
  .strictObject({
    method: z
      .enum(METHODS, { error: ({ input }) => methodError(input) })
      .describe(
        'grid: every combination. random: independent draws. sobol: draws that fill the space evenly, best with a power of two trials.',
      ),
    parameters: z
      .record(z.string().min(1), ParameterSpace)
      .refine((parameters) => Object.keys(parameters).length > 0, 'name at least one parameter')
      .describe('Parameters under train.params to try values of: a list of values, or a range.'),
    trials: z
      .int()
      .min(1)
      .max(10_000)
      .optional()
      .describe(
        'How many combinations to try, besides the parameters as they are. Default: all of a grid, 16 otherwise.',
      ),
    metric: z
      .string()
      .min(1)
      .optional()
      .describe('What decides. Default: the first metric under "evaluate:".'),
    goal: z
      .enum(['max', 'min'])
      .optional()
      .describe('Which way is better. Default: as for the metric under "evaluate:".'),
    seed: z
      .int()
      .nonnegative()
      .default(0)
      .describe('The same seed gives the same trials. For sobol, 0 is the sequence as it is.'),
  })
  .superRefine(({ method, parameters }, { addIssue }) => {
    if (method !== 'grid') return;
    for (const [name, space] of Object.entries(parameters)) {
      if (!isContinuous(space)) continue;
      const message = 'a grid needs a list of values, whole numbers or a "step"';
      addIssue({ code: 'custom', message, path: ['parameters', name] });
    }
  })
  .describe('A search for better parameters.');
export type SweepConfig = z.output<typeof Sweep>;

/** Whether any number of a range may be tried. */
export function isContinuous(space: ParameterSpace): boolean {
  if (Array.isArray(space) || space.values !== undefined) return false;
  return space.step === undefined && !isWhole(space);
}

/** Whether a range is one of whole numbers. */
export function isWhole({ min, max, step = 1, type }: Exclude<ParameterSpace, unknown[]>): boolean {
  return type === undefined ? [min, max, step].every(Number.isInteger) : type === 'integer';
}

function isDistinct(values: readonly unknown[]): boolean {
  return new Set(values).size === values.length;
}

function methodError(input: unknown): string | undefined {
  if (typeof input !== 'string' || !SEQUENTIAL.includes(input.toLowerCase())) return undefined;
  return `"${input}" chooses each trial by the results of those before it, and the jobs of a matrix start all at once: use "sobol"`;
}
