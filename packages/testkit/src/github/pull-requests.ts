import type { BareRepository } from './bare-repository.ts';
import { type Answer, type Call, type Handlers, page, unknownCommit, unprocessable } from './call.ts';
import type { Emulator } from './emulator.ts';

export interface NewPullRequest {
  readonly title: string;
  readonly body?: string;
  readonly head: string;
  readonly base?: string;
  readonly author?: string;
  /** The head is in the author's fork; its commit is given by `headSha`. */
  readonly fromFork?: boolean;
  readonly headSha?: string;
}

export interface PullRequests {
  readonly handlers: Handlers;
  open(request: NewPullRequest): Promise<Answer>;
  /** To be called after a push: moves heads, and closes what the base now contains as merged. */
  pushed(): Promise<void>;
}

/** What the emulator cannot know of a pull request, because the commits are in a real repository. */
interface Tracked {
  readonly number: number;
  readonly headRef: string;
  readonly baseRef: string;
  readonly fork: string | undefined;
  headSha: string;
  baseSha: string;
  open: boolean;
  merge: { sha: string; at: string } | undefined;
}

const root = '/repos/{owner}/{repo}/pulls';

/** Pull requests: kept by the emulator, with heads, bases and merges from the repository where there is one. */
export function pullRequests(context: {
  url: string;
  owner: string;
  name: string;
  git: BareRepository | undefined;
  emulator: Emulator;
}): PullRequests {
  const { url, owner, name, git, emulator } = context;
  const tracked = new Map<number, Tracked>();
  const path = `/repos/${owner}/${name}/pulls`;

  const amend = (body: unknown) => {
    const pull = body as Record<string, unknown> & { head: object; base: object };
    const known = tracked.get(Number(pull.number));
    if (!known) return pull;
    const from = known.fork ?? owner;
    return {
      ...pull,
      head: {
        ...pull.head,
        label: `${from}:${known.headRef}`,
        sha: known.headSha,
        repo: { full_name: `${from}/${name}`, fork: known.fork !== undefined },
      },
      base: { ...pull.base, sha: known.baseSha, repo: { full_name: `${owner}/${name}`, fork: false } },
      state: known.open ? 'open' : 'closed',
      merged: known.merge !== undefined,
      merged_at: known.merge?.at ?? null,
      merge_commit_sha: known.merge?.sha ?? null,
    };
  };
  const forwardAmended = async (call: Call): Promise<Answer> => {
    const answer = await emulator.forward(call);
    if (answer.status >= 300) return answer;
    const pull = tracked.get(Number(call.params.pull_number));
    if (pull && (call.body.state === 'open' || call.body.state === 'closed'))
      pull.open = call.body.state === 'open';
    return { ...answer, body: Array.isArray(answer.body) ? answer.body.map(amend) : amend(answer.body) };
  };
  /** The emulator knows no forks, so it cannot tell whose branch a head is. */
  const listed = async (call: Call): Promise<Answer> => {
    const head = call.query.get('head');
    if (head === null) return forwardAmended(call);
    const query = new URLSearchParams(call.query);
    for (const name of ['head', 'page', 'per_page']) query.delete(name);
    const all = (await emulator.list(`${path}?${query}`, call.actor.login)).map(amend);
    return page(
      call,
      url,
      all.filter((pull) => (pull.head as { label?: string }).label === head),
    );
  };
  const close = async (pull: Tracked, sha: string) => {
    pull.open = false;
    pull.merge = { sha, at: new Date().toISOString() };
    await emulator.ask({
      method: 'PATCH',
      path: `${path}/${pull.number}`,
      login: owner,
      body: { state: 'closed' },
    });
  };
  const open: PullRequests['open'] = async (request) => {
    const base = request.base ?? 'main';
    const author = request.author ?? 'ada';
    const headSha = request.headSha ?? (await git?.commitOf(`refs/heads/${request.head}`));
    const baseSha = await git?.commitOf(`refs/heads/${base}`);
    if (git && !headSha) return unprocessable({ resource: 'PullRequest', field: 'head', code: 'invalid' });
    if (git && !baseSha) return unprocessable({ resource: 'PullRequest', field: 'base', code: 'invalid' });
    const twin = [...tracked.values()].find(
      (pull) => pull.open && pull.headRef === request.head && pull.baseRef === base && !request.fromFork,
    );
    if (twin) return refuse(`A pull request already exists for ${owner}:${request.head}.`);
    if (headSha && baseSha && (await git?.isAncestor(headSha, baseSha))) {
      return refuse(`No commits between ${base} and ${request.head}`);
    }
    const answer = await emulator.ask({
      method: 'POST',
      path,
      login: author,
      body: { title: request.title, body: request.body ?? null, head: request.head, base },
    });
    if (answer.status !== 201) return answer;
    const made = answer.body as { number: number; head: { sha: string }; base: { sha: string } };
    tracked.set(made.number, {
      number: made.number,
      headRef: request.head,
      baseRef: base,
      fork: request.fromFork ? author : undefined,
      headSha: headSha ?? made.head.sha,
      baseSha: baseSha ?? made.base.sha,
      open: true,
      merge: undefined,
    });
    if (git && headSha && (await git.commitOf(headSha)))
      await git.setRef(`refs/pull/${made.number}/head`, headSha);
    return { status: 201, body: amend(answer.body) };
  };
  const contains = async (pull: Tracked, commit: string) => {
    if (commit === pull.merge?.sha || commit === pull.headSha) return true;
    if (!git) return false;
    return (await git.isAncestor(commit, pull.headSha)) && !(await git.isAncestor(commit, pull.baseSha));
  };

  const pushed = async () => {
    for (const pull of tracked.values()) {
      if (!pull.open || !git) continue;
      const base = (await git.commitOf(`refs/heads/${pull.baseRef}`)) ?? pull.baseSha;
      const head = pull.fork ? pull.headSha : await git.commitOf(`refs/heads/${pull.headRef}`);
      if (head && head !== pull.headSha) {
        pull.headSha = head;
        pull.baseSha = base;
        await git.setRef(`refs/pull/${pull.number}/head`, head);
      }
      if (await git.isAncestor(pull.headSha, base)) await close(pull, base);
    }
  };

  return {
    open,
    pushed,
    handlers: {
      [`GET ${root}`]: listed,
      [`GET ${root}/{pull_number}`]: forwardAmended,
      [`PATCH ${root}/{pull_number}`]: forwardAmended,
      [`POST ${root}`]: ({ body, actor }) =>
        open({
          title: String(body.title),
          body: String(body.body ?? ''),
          head: String(body.head).replace(`${owner}:`, ''),
          base: String(body.base),
          author: actor.login,
        }),
      [`POST ${root}/{pull_number}/reviews`]: async (call) => {
        const known = tracked.get(Number(call.params.pull_number));
        return emulator.forward({
          ...call,
          body: { ...(known ? { commit_id: known.headSha } : {}), ...call.body },
        });
      },
      [`PUT ${root}/{pull_number}/merge`]: async (call) => {
        const pull = tracked.get(Number(call.params.pull_number));
        if (!pull?.open || !git) return { status: 405, body: { message: 'Pull Request is not mergeable' } };
        const sha = await git.merge({
          base: pull.baseRef,
          head: pull.headSha,
          message: String(
            call.body.commit_title ?? `Merge pull request #${pull.number} from ${owner}/${pull.headRef}`,
          ),
          login: call.actor.login,
        });
        if (!sha) return { status: 405, body: { message: 'Pull Request has merge conflicts' } };
        await close(pull, sha);
        await pushed();
        return { status: 200, body: { sha, merged: true, message: 'Pull Request successfully merged' } };
      },
      'GET /repos/{owner}/{repo}/commits/{commit_sha}/pulls': async (call) => {
        const commit = call.params.commit_sha ?? '';
        const found: unknown[] = [];
        for (const pull of tracked.values()) {
          if (!(await contains(pull, commit))) continue;
          const { body } = await emulator.ask({
            method: 'GET',
            path: `${path}/${pull.number}`,
            login: owner,
          });
          found.push(amend(body));
        }
        if (found.length === 0 && git && !(await git.commitOf(commit))) return unknownCommit(commit);
        return page(call, url, found);
      },
    },
  };
}

function refuse(message: string): Answer {
  return unprocessable({ resource: 'PullRequest', code: 'custom', message });
}
