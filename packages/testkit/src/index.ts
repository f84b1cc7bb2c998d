/** Temporary repositories, a runner's environment, a GitHub, fixtures. */
export { type GitServer, serveGit } from './git-server.ts';
export type { StoredCheckRun, StoredCommitStatus } from './github/checks.ts';
export type { StoredDeployment } from './github/deployments.ts';
export type { NewPullRequest } from './github/pull-requests.ts';
export type { StoredRelease } from './github/releases.ts';
export {
  type Failure,
  type GitHub,
  type GitHubOptions,
  type GitHubState,
  type RecordedRequest,
  startGitHub,
  type Violation,
} from './github/start-github.ts';
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
  type TemporaryRepository,
  type TemporaryRepositoryOptions,
  temporaryRepository,
} from './temporary-repository.ts';
export { type Annotation, parseWorkflowCommands, type WorkflowCommand } from './workflow-commands.ts';
