/** The embedded trainer (gradient boosting, linear) and its ONNX writer. */
export type { Column, ColumnData, Task } from './column.ts';
export { MAX_CATEGORIES } from './features.ts';
export { BoostingParams, LinearParams, type Params } from './params.ts';
export { MAX_CLASSES } from './target.ts';
export { type Kind, type TrainRequest, type TrainResult, train } from './train.ts';
