/** Adapter: notes on GitLab's merge requests. */
export { type GitLabOptions, mergeRequestBoard } from './merge-request-board.ts';
