/** Distances, tests, verdict. */
export { type ChiSquare, chiSquare } from './chi-square.ts';
export {
  type CategoricalComparison,
  type ColumnComparison,
  type ColumnValues,
  compareColumns,
  type NumericComparison,
} from './compare-columns.ts';
export {
  type ColumnDrift,
  type DriftThresholds,
  type DriftVerdict,
  type JudgeDriftRequest,
  judgeDrift,
  type NamedColumn,
} from './judge.ts';
