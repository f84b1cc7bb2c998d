/** One file per verb; takes ports, returns verdict, report, record. */
export type { Outcome } from './outcome.ts';
export type * from './ports/index.ts';
export { type Parameter, parametersOf, readRequest } from './request.ts';
export { type TrainRecord, TrainRequest, train } from './train.ts';
