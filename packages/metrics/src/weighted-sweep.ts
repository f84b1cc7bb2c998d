import { type ProgramMemory, reserve, startProgram } from './program.ts';
import { WEIGHTED_SWEEP_BINARY } from './weighted-sweep-binary.ts';
import type { Weights } from './weights.ts';

/** What assembly/weighted-sweep.ts exports. Addresses are positions in its memory. */
interface Exports {
  readonly memory: ProgramMemory;
  heapBase(): number;
  sweep(marks: number, weights: number, rows: number): void;
  readonly total: { readonly value: number };
  readonly positives: { readonly value: number };
  readonly wins: { readonly value: number };
  readonly precisions: { readonly value: number };
}

let program: Exports | undefined;

/** What rows tell from the highest score to the lowest, each as often as its weight says. */
export interface WeightedSweep {
  /** All weights, and those of positive rows. */
  readonly total: number;
  readonly positives: number;
  /** See `SortedRows`. */
  readonly rocAuc: number;
  readonly averagePrecision: number;
}

/** `marks` as in `ScoreOrder`. */
export function sweepWeighted(marks: Uint8Array, weights: Weights): WeightedSweep {
  program ??= startProgram<Exports>(WEIGHTED_SWEEP_BINARY);
  const { memory } = program;
  const marksAt = program.heapBase();
  const weightsAt = marksAt + marks.length;
  reserve(memory, weightsAt + weights.length);
  const bytes = new Uint8Array(memory.buffer);
  bytes.set(marks, marksAt);
  bytes.set(weights, weightsAt);
  program.sweep(marksAt, weightsAt, marks.length);
  const total = program.total.value;
  const positives = program.positives.value;
  return {
    total,
    positives,
    rocAuc: program.wins.value / (positives * (total - positives)),
    averagePrecision: program.precisions.value / positives,
  };
}
