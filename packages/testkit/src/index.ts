/** Temporary repositories, a runner's environment, a GitHub, fixtures. */
export { type GitServer, serveGit } from './git-server.ts';
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
