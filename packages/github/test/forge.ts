import { createForge } from '@rastro/github';
import type { GitHub } from '@rastro/testkit';
import type { Forge } from '@rastro/usecases';

/** A forge that does not wait between its requests. */
export function forgeOf(github: GitHub, token: string = github.token): Forge {
  const [owner = '', repo = ''] = github.repository.split('/');
  return createForge({
    token,
    repository: { owner, repo },
    apiUrl: github.apiUrl,
    retry: { retries: 2, baseMs: 1, paced: false },
  });
}
