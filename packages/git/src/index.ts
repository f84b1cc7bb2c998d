/** Adapter: the git program. */
export { openRepository, type RepositoryOptions } from './open-repository.ts';
export { gitUser } from './user.ts';
