/** What made this model: rastro.yaml, stages, digests, lock. */
export {
  DataLock,
  dataLockPath,
  LockedFile,
  readDataLock,
  readTrainLock,
  staleness,
  TrainLock,
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
