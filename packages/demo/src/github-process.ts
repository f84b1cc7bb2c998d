import { spawn } from 'node:child_process';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startGitHub } from '@rastro/testkit';
import { z } from 'zod';

/** Where the loopback GitHub of a demo is, for whoever plays it: it outlives a demo that is killed. */
const Address = z.strictObject({
  pid: z.number().int(),
  url: z.string(),
  apiUrl: z.string(),
  repository: z.string(),
  token: z.string(),
  tokens: z.record(z.string(), z.string()),
});
export type Address = z.infer<typeof Address>;

export const REPOSITORY = 'ada/flights';
const PEOPLE = ['ada', 'grace'] as const;

/** It ends by itself when nobody has asked it anything for this long. */
const IDLE = 10 * 60_000;

/** Starts the GitHub of a demo as a process of its own, or finds the one that a killed demo left. */
export async function findOrStartGitHub(folder: string): Promise<Address> {
  const file = join(folder, 'github.json');
  const left = await readAddress(file);
  if (left && (await answers(left))) return left;
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), folder], {
    detached: true,
    stdio: 'ignore',
  });
  child.unref();
  for (let wait = 0; wait < 600; wait++) {
    await sleep(50);
    const started = await readAddress(file);
    if (started && started.pid === child.pid) return started;
  }
  throw new Error('the GitHub on loopback did not start within 30 seconds');
}

export function endGitHub({ pid }: Address): void {
  try {
    process.kill(pid);
  } catch {
    // It has ended already.
  }
}

async function readAddress(file: string): Promise<Address | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : Address.parse(JSON.parse(text));
}

async function answers({ apiUrl, repository, token }: Address): Promise<boolean> {
  const response = await fetch(`${apiUrl}/repos/${repository}`, {
    headers: { authorization: `Bearer ${token}` },
  }).catch(() => undefined);
  return response?.ok ?? false;
}

async function serve(folder: string): Promise<void> {
  const github = await startGitHub({
    repository: REPOSITORY,
    git: join(folder, 'remote.git'),
    users: [...PEOPLE],
  });
  const { url, apiUrl, repository, token } = github;
  const tokens = Object.fromEntries(PEOPLE.map((login) => [login, github.tokenOf(login)]));
  const file = join(folder, 'github.json');
  await writeFile(
    `${file}.tmp`,
    JSON.stringify({ pid: process.pid, url, apiUrl, repository, token, tokens } satisfies Address),
  );
  await rename(`${file}.tmp`, file);
  process.once('SIGTERM', () => void github.stop().then(() => process.exit(0)));
  let asked = -1;
  for (;;) {
    await sleep(IDLE);
    if (github.requests.length === asked) break;
    asked = github.requests.length;
  }
  await github.stop();
  process.exit(0);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await serve(process.argv[2]!);
