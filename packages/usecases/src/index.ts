/** One file per verb; takes ports, returns verdict, report, record. */
export { type AuditRecord, AuditRequest, audit } from './audit.ts';
export { type CommentRecord, CommentRequest, comment } from './comment.ts';
export { type CompareRecord, CompareRequest, compare } from './compare.ts';
export { type DeployRecord, DeployRequest, deploy } from './deploy.ts';
export { type EvaluateRecord, EvaluateRequest, evaluate } from './evaluate.ts';
export { type CommentStore, keepOneComment, sameText } from './keep-one-comment.ts';
export { type MonitorRecord, MonitorRequest, monitor } from './monitor.ts';
export type { Outcome } from './outcome.ts';
export type * from './ports/index.ts';
export { type PromoteRecord, PromoteRequest, promote } from './promote.ts';
export { readColumns } from './read-columns.ts';
export { type ReleaseRecord, ReleaseRequest, release } from './release.ts';
export { REPORTS_FOLDER } from './reports-folder.ts';
export { type Parameter, parametersOf, readRequest } from './request.ts';
export { type TrainRecord, TrainRequest, train } from './train.ts';
export { type ValidateRecord, ValidateRequest, validate } from './validate.ts';
export { type Verb, verbs } from './verbs.ts';
