/** What made this model: rastro.yaml, stages, digests, lock. */
export { Evaluate } from './evaluate-config.ts';
export {
  DataLock,
  dataLockPath,
  LockedFile,
  questionText,
  readDataLock,
  readTrainLock,
  staleness,
  TrainLock,
  type TrainQuestion,
  trainLockPath,
  writeLock,
} from './lock.ts';
export {
  type DatasetConfig,
  type ModelConfig,
  type MonitorConfig,
  PROJECT_FILE,
  Project,
  readProject,
} from './project.ts';
export { isContinuous, isWhole, type ParameterSpace, type SweepConfig } from './sweep-config.ts';
