/** Temporary repositories, a runner's environment, a GitHub, fixtures. */

export { git, isolatedGitEnvironment } from './git.ts';
export { type GitServer, serveGit } from './git-server.ts';
export type { StoredCheckRun, StoredCommitStatus } from './github/checks.ts';
export type { StoredDeployment } from './github/deployments.ts';
export type {
  GitHub,
  GitHubOptions,
  GitHubState,
  RecordedRequest,
  StoredComment,
  StoredIssue,
  Violation,
} from './github/github.ts';
export type { Failure } from './github/planned-failures.ts';
export type { NewPullRequest } from './github/pull-requests.ts';
export type { StoredRelease } from './github/releases.ts';
export { startGitHub } from './github/start-github.ts';
export {
  realAct,
  realData,
  realDvc,
  realGto,
  realInToto,
  realPart,
  realPython,
  realZizmor,
} from './real-parts.ts';
export type { StoredArtifact } from './results/artifact-store.ts';
export type { StoredCacheEntry } from './results/cache-store.ts';
export { cacheAccess, runtimeToken } from './results/start-results.ts';
export {
  type ActionResult,
  type ActionRun,
  type GitHubEndpoint,
  runAction,
} from './run-action.ts';
export { parseKeyValueFile } from './runner-files.ts';
export { type TemporaryDirectory, temporaryDirectory } from './temporary-directory.ts';
export {
  type Files,
  initBare,
  type TemporaryRepository,
  type TemporaryRepositoryOptions,
  temporaryRepository,
} from './temporary-repository.ts';
export { type Annotation, parseWorkflowCommands, type WorkflowCommand } from './workflow-commands.ts';
