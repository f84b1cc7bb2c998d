import { AuditRequest, audit } from './audit.ts';
import { CommentRequest, comment } from './comment.ts';
import { CompareRequest, compare } from './compare.ts';
import { DeployRequest, deploy } from './deploy.ts';
import { EvaluateRequest, evaluate } from './evaluate.ts';
import { MonitorRequest, monitor } from './monitor.ts';
import { PromoteRequest, promote } from './promote.ts';
import { ReleaseRequest, release } from './release.ts';
import { RollbackRequest, rollback } from './rollback.ts';
import { SweepRequest, sweep } from './sweep.ts';
import { TrainRequest, train } from './train.ts';
import { ValidateRequest, validate } from './validate.ts';
import { type Verb, verb } from './verb.ts';

/** Every verb, in the order in which a model's life goes. */
export const verbs: readonly Verb[] = [
  verb('validate', 'Check datasets against their data contracts.', ValidateRequest, validate),
  verb('train', 'Train models under lineage; skip what did not change.', TrainRequest, train),
  verb(
    'sweep',
    'Try parameters of a model over a matrix of jobs, and pick the winner.',
    SweepRequest,
    sweep,
    {
      arguments: ['model'],
    },
  ),
  verb(
    'evaluate',
    'Judge models on their evaluation data and write their records.',
    EvaluateRequest,
    evaluate,
  ),
  verb(
    'compare',
    'Compare models with a baseline: improved, inconclusive or regressed.',
    CompareRequest,
    compare,
    { alias: 'diff' },
  ),
  verb(
    'comment',
    'Write the sticky comment of a pull request from the reports of earlier steps.',
    CommentRequest,
    comment,
  ),
  verb(
    'release',
    'Release a model as the next version: tag, trail entry, GitHub release.',
    ReleaseRequest,
    release,
  ),
  verb('promote', 'Move a stage to a version, if the policy allows it.', PromoteRequest, promote, {
    arguments: ['model', 'version', 'stage'],
  }),
  verb(
    'rollback',
    'Return a stage to a version that held it before, if the policy allows it.',
    RollbackRequest,
    rollback,
    { arguments: ['model', 'stage'] },
  ),
  verb(
    'deploy',
    'Ship the version that holds a stage, smoke-test it, roll back when it fails.',
    DeployRequest,
    deploy,
    { arguments: ['model', 'environment'] },
  ),
  verb(
    'monitor',
    'Compare current data with what the deployed version was trained on; retrain on drift.',
    MonitorRequest,
    monitor,
  ),
  verb('audit', 'Prove from a clone why an environment serves what it serves.', AuditRequest, audit, {
    arguments: ['model', 'environment'],
  }),
];
