import { type Handlers, page } from './call.ts';
import type { Emulator } from './emulator.ts';

/** On GitHub a pull request is an issue too, and listed with them; the emulator keeps them apart. */
export function issues(context: { url: string; repository: string; emulator: Emulator }): Handlers {
  const { url, repository, emulator } = context;
  return {
    'GET /repos/{owner}/{repo}/issues': async (call) => {
      const query = new URLSearchParams(call.query);
      for (const name of ['page', 'per_page']) query.delete(name);
      const plain = await emulator.list(`/repos/${repository}/issues?${query}`, call.actor.login);
      const state = query.get('state') ?? 'open';
      const pulls = await emulator.list(`/repos/${repository}/pulls?state=${state}`, call.actor.login);
      const all: Record<string, unknown>[] = [
        ...plain,
        ...pulls.map((pull) => ({ ...pull, pull_request: { url: pull.url } })),
      ];
      return page(
        call,
        url,
        all.sort((a, b) => Number(b.number) - Number(a.number)),
      );
    },
  };
}
