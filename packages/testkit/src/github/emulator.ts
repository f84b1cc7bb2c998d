import { createEmulator } from 'emulate';
import type { Answer, Call } from './call.ts';

export interface Emulator {
  /** Passes a request on as a user. URLs in the answer name our own server. */
  ask(request: { method: string; path: string; login: string; body?: unknown }): Promise<Answer>;
  /** Passes on a request to our own server. */
  forward(call: Call): Promise<Answer>;
  /** All pages of a list. */
  list(path: string, login: string): Promise<Record<string, unknown>[]>;
  stop(): Promise<void>;
}

/** Starts the emulator with one repository and its users; it keeps users, issues, comments, labels and reviews. */
export async function startEmulator(context: {
  url: string;
  owner: string;
  name: string;
  users: readonly string[];
}): Promise<Emulator> {
  const { url, owner, name, users } = context;
  const emulator = await createEmulator({
    service: 'github',
    port: 0,
    seed: {
      tokens: Object.fromEntries(users.map((login) => [tokenOf(login), { login, scopes: ['repo', 'user'] }])),
      github: {
        users: [...new Set([owner, ...users])].map((login) => ({ login })),
        repos: [{ owner, name, default_branch: 'main' }],
      },
    },
  });
  const ask: Emulator['ask'] = async ({ method, path, login, body }) => {
    const response = await fetch(`${emulator.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${tokenOf(login)}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = (await response.text()).replaceAll(emulator.url, url);
    const link = response.headers.get('link')?.replaceAll(emulator.url, url);
    return {
      status: response.status,
      ...(text === '' ? {} : { body: markBots(JSON.parse(text)) }),
      ...(link ? { headers: { link } } : {}),
    };
  };
  return {
    ask,
    forward: ({ method, path, query, body, actor }) =>
      ask({
        method,
        path: `${path}${query.size > 0 ? `?${query}` : ''}`,
        login: actor.login,
        ...(method === 'GET' || method === 'DELETE' ? {} : { body }),
      }),
    async list(path, login) {
      const all: Record<string, unknown>[] = [];
      for (let page = 1; ; page++) {
        const { body } = await ask({
          method: 'GET',
          path: `${path}${path.includes('?') ? '&' : '?'}per_page=100&page=${page}`,
          login,
        });
        const items = body as Record<string, unknown>[];
        all.push(...items);
        if (items.length < 100) return all;
      }
    },
    stop: () => emulator.close(),
  };
}

function tokenOf(login: string): string {
  return `emulated-${login}`;
}

/** The emulator seeds only people; on GitHub an app's account is of type Bot. */
function markBots(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(markBots);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => [key, markBots(item)] as const);
  const isBot = 'login' in value && String(value.login).endsWith('[bot]');
  return { ...Object.fromEntries(entries), ...(isBot ? { type: 'Bot' } : {}) };
}
