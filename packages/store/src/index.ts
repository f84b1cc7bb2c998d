/** Adapter: content-addressed data, and the files of the workspace. */
export { openWorkspace } from './workspace.ts';
