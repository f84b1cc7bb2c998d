/** Adapter: the git program. */
export { openRepository, type RepositoryOptions } from './open-repository.ts';
export { originOf, type RemotePlace } from './remote-url.ts';
export { gitUser } from './user.ts';
