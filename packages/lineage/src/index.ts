/** What made this model: rastro.yaml, stages, digests, lock. */
export { type DatasetConfig, type ModelConfig, type MonitorConfig, PROJECT_FILE, Project, readProject } from './project.ts';
