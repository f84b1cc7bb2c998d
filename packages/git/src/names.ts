import { fault, InputError } from '@rastro/fault';

/**
 * Every name that reaches git's argument list passes one of these first. A name that could be read as an option is refused
 * before any process starts, `--` or not.
 */
export function checkedRevision(revision: string): string {
  const isSafe = /^[A-Za-z0-9_@][A-Za-z0-9_./@{}^~#=!+-]*$/.test(revision) && !revision.includes('..');
  return isSafe ? revision : refuse('revision', revision, 'Name a branch, a tag or a commit.');
}

export function checkedObjectId(id: string): string {
  const isId = /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(id);
  return isId ? id : refuse('object id', id, 'Give the full hex id.');
}

/** A branch or tag name by the rules of git-check-ref-format, without the characters that shells and globs care for. */
export function checkedRefName(name: string): string {
  const parts = name.split('/');
  const isSafe =
    /^[A-Za-z0-9][A-Za-z0-9_./@#=!+-]*$/.test(name) &&
    !name.includes('..') &&
    !name.includes('@{') &&
    !name.endsWith('.') &&
    parts.every((part) => part !== '' && !part.startsWith('.') && !part.endsWith('.lock'));
  return isSafe
    ? name
    : refuse('name', name, 'Use letters, digits, "-", "_", "." and "/", with a letter or digit first.');
}

/** A path inside the repository, with `/` between its parts. */
export function checkedPath(path: string): string {
  const parts = path.split('/');
  const isSafe =
    !/[\0\n\\]/.test(path) &&
    parts.every((part) => part !== '' && part !== '.' && part !== '..' && part.toLowerCase() !== '.git');
  return isSafe ? path : refuse('path', path, 'Give a path inside the repository.');
}

/** A configured remote's name, or a URL of a transport that runs no program of the caller's choice. */
export function checkedRemote(remote: string): string {
  const isSafe =
    /^[A-Za-z0-9][A-Za-z0-9_./-]*$/.test(remote) ||
    /^(https?|ssh|git|file):\/\/[^\s-]\S*$/.test(remote) ||
    /^[A-Za-z0-9_.]+@[A-Za-z0-9][A-Za-z0-9.-]*:[^\s-]\S*$/.test(remote) ||
    /^\/[^\0\n]*$/.test(remote);
  return isSafe ? remote : refuse('remote', remote, 'Name a remote of the repository, or its URL.');
}

export function checkedIdentity(identity: { name: string; email: string }): { name: string; email: string } {
  const isSafe = [identity.name, identity.email].every(
    (text) => text.trim() !== '' && !/[<>\0\n]/.test(text),
  );
  return isSafe
    ? identity
    : refuse('identity', `${identity.name} <${identity.email}>`, 'Give a name and an email address.');
}

function refuse(what: string, value: string, next: string): never {
  throw new InputError(
    fault('git-name-refused', `${JSON.stringify(value)} is no ${what} that git is given`, undefined, next),
  );
}
