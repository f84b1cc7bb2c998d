import type { Octokit } from './client.ts';
import { type Attempt, explainFailure } from './failures.ts';

/** A client, the repository it works on, and who it works as. */
export interface Session {
  readonly octokit: Octokit;
  /** Spread into every call. */
  readonly place: { readonly owner: string; readonly repo: string };
  readonly identity: Identity;
  /** Runs requests; a failure becomes an error that names what was tried and the permission it needs. */
  attempt<T>(attempt: Attempt, run: () => Promise<T>): Promise<T>;
}

/** Who we are on the forge. */
export interface Identity {
  /** Undefined when the forge does not say. */
  login(): Promise<string | undefined>;
  isOurs(author: Author | null | undefined): Promise<boolean>;
  /** Notes whom the forge gave as the author of something that we just made. */
  learn(author: Author | null | undefined): void;
}

export interface Author {
  readonly login: string;
  readonly type?: string;
}

/** The account behind the token that Actions gives to a job. */
const ACTIONS_BOT = 'github-actions[bot]';

/**
 * A user's token may ask who it is. An app's may not, and there we take it for the one of Actions until something that
 * we made shows its author.
 */
export function makeIdentity(ask: () => Promise<string | undefined>): Identity {
  let asked: Promise<string | undefined> | undefined;
  let learnt: string | undefined;
  const login = async () => {
    asked ??= ask();
    return learnt ?? (await asked);
  };
  return {
    login,
    async isOurs(author) {
      if (!author) return false;
      const self = (await login()) ?? ACTIONS_BOT;
      // Nobody can register a name with brackets, but the type costs nothing to check.
      return author.login === self && (!self.endsWith('[bot]') || author.type === 'Bot');
    },
    learn(author) {
      learnt = author?.login ?? learnt;
    },
  };
}

export function makeSession(options: {
  octokit: Octokit;
  place: { owner: string; repo: string };
  identity: Identity;
  token: string;
}): Session {
  const { octokit, place, identity, token } = options;
  return {
    octokit,
    place,
    identity,
    async attempt(attempt, run) {
      try {
        return await run();
      } catch (error) {
        throw explainFailure(error, attempt, token);
      }
    },
  };
}
