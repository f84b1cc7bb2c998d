/** One file per verb; takes ports, returns verdict, report, record. */
export type * from './ports/index.ts';
