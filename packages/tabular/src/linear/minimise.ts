/** A smooth function: returns its value at a point and writes its gradient there. */
export type Smooth = (point: Float64Array, gradient: Float64Array) => number;

export interface Minimum {
  readonly point: Float64Array;
  readonly iterations: number;
  /** The largest partial derivative that is left. */
  readonly slope: number;
}

/** How many past steps stand for the curvature. */
const MEMORY = 10;
/** A step must lower the value by this share of what the slope promises (Armijo). */
const SUFFICIENT = 1e-4;
const MAX_HALVINGS = 40;

interface Step {
  readonly move: Float64Array;
  readonly turn: Float64Array;
  readonly curvature: number;
}

/**
 * Minimises a convex function from the origin by L-BFGS with backtracking (Nocedal and Wright, Numerical Optimization,
 * 2nd edition, algorithms 7.4 and 3.1). Stops when no partial derivative exceeds `tolerance`, when rounding hides all
 * further descent, or after `maxIterations`; the slope that is left tells which.
 */
export function minimise(
  smooth: Smooth,
  size: number,
  limits: { readonly tolerance: number; readonly maxIterations: number },
): Minimum {
  let point = new Float64Array(size);
  let gradient = new Float64Array(size);
  let value = smooth(point, gradient);
  let memory: Step[] = [];
  let iterations = 0;
  while (iterations < limits.maxIterations && largest(gradient) > limits.tolerance) {
    const direction = descent(gradient, memory);
    const next = search({ smooth, point, value, gradient, direction, first: memory.length === 0 });
    if (!next) {
      // The memory may mislead near the end: try once more straight down the slope.
      if (memory.length === 0) break;
      memory = [];
      continue;
    }
    iterations++;
    const move = difference(next.point, point);
    const turn = difference(next.gradient, gradient);
    const curvature = dot(move, turn);
    if (curvature > 0) memory = [...memory.slice(1 - MEMORY), { move, turn, curvature }];
    ({ point, gradient, value } = next);
  }
  return { point, iterations, slope: largest(gradient) };
}

/** The two-loop recursion: minus the gradient times the inverse curvature that the memory stands for. */
function descent(gradient: Float64Array, memory: readonly Step[]): Float64Array {
  const direction = gradient.map((slope) => -slope);
  const weights: number[] = [];
  for (const { move, turn, curvature } of memory.toReversed()) {
    const weight = dot(move, direction) / curvature;
    weights.unshift(weight);
    addScaled(direction, turn, -weight);
  }
  const last = memory.at(-1);
  if (last) {
    const scale = last.curvature / dot(last.turn, last.turn);
    for (let index = 0; index < direction.length; index++) direction[index]! *= scale;
  }
  memory.forEach(({ move, turn, curvature }, index) => {
    addScaled(direction, move, weights[index]! - dot(turn, direction) / curvature);
  });
  return direction;
}

function search(from: {
  readonly smooth: Smooth;
  readonly point: Float64Array;
  readonly value: number;
  readonly gradient: Float64Array;
  readonly direction: Float64Array;
  readonly first: boolean;
}): { point: Float64Array<ArrayBuffer>; gradient: Float64Array<ArrayBuffer>; value: number } | undefined {
  const { smooth, point, value, gradient, direction } = from;
  const slope = dot(gradient, direction);
  if (!(slope < 0)) return undefined;
  const rounding = 4 * Number.EPSILON * Math.abs(value);
  const reached = new Float64Array(gradient.length);
  let length = from.first ? Math.min(1, 1 / Math.sqrt(-slope)) : 1;
  for (let halving = 0; halving < MAX_HALVINGS; halving++, length /= 2) {
    const to = Float64Array.from(point);
    addScaled(to, direction, length);
    const lower = smooth(to, reached);
    if (lower <= value + SUFFICIENT * length * slope + rounding)
      return { point: to, gradient: reached, value: lower };
  }
  return undefined;
}

function largest(vector: Float64Array): number {
  return vector.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += a[index]! * b[index]!;
  return sum;
}

function addScaled(to: Float64Array, what: Float64Array, scale: number): void {
  for (let index = 0; index < to.length; index++) to[index]! += scale * what[index]!;
}

function difference(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((value, index) => value - b[index]!);
}
