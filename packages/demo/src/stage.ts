import { join, resolve } from 'node:path';
import { type ActionResult, runAction } from '@rastro/testkit';
import { execa } from 'execa';
import { checkout } from './checkout.ts';
import type { Address } from './github-process.ts';
import { transcript } from './transcript.ts';

/** The suite's own folder: of the demo's package, two up. */
export const suite = resolve(import.meta.dirname, '../../..');
const commandLine = join(suite, 'actions/_bundle/dist/cli.js');
/** Native parts are fetched once for every demo and test of this clone. */
const tools = join(suite, '.cache/tools');

/** What every step of the story plays with. */
export interface Stage {
  readonly folder: string;
  readonly github: Address;
}

/** A person's clone of the repository. */
export function cloneOf(stage: Stage, login: string, ref = 'main'): Promise<string> {
  return checkout({ ...stage, token: stage.github.tokens[login]! }, { name: login, ref, user: login });
}

/** Types a command of the command line in a folder. @throws when it does not end as expected. */
export async function type(directory: string, args: readonly string[], expected = 0): Promise<void> {
  transcript.command(`rastro ${args.join(' ')}`);
  const { exitCode, stdout, stderr } = await execa(process.execPath, [commandLine, ...args], {
    cwd: directory,
    env: { RUNNER_TOOL_CACHE: tools, ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : { NO_COLOR: '1' }) },
    reject: false,
  });
  transcript.say(stdout);
  if (exitCode !== expected)
    throw new Error(`rastro ${args.join(' ')} ended with ${exitCode}, not ${expected}:\n${stderr}`);
}

export interface Step {
  readonly verb: string;
  readonly inputs?: Readonly<Record<string, string>>;
  /** Runs although a step before it failed. */
  readonly always?: boolean;
}

export interface Job {
  readonly name: string;
  readonly ref?: string;
  readonly eventName: string;
  readonly event?: Readonly<Record<string, unknown>>;
  readonly steps: readonly Step[];
  /** The verb whose gate is to answer no. */
  readonly fails?: string;
}

/**
 * Runs the steps of a job in a fresh checkout, each as the runner does: the bundled action as a process. After a failure
 * only the steps marked `always` run.
 */
export async function runJob(
  { folder, github }: Stage,
  job: Job,
): Promise<{ directory: string; results: Map<string, ActionResult> }> {
  const directory = await checkout(
    { folder, github, token: github.token },
    { name: job.name, ...(job.ref ? { ref: job.ref } : {}) },
  );
  const results = new Map<string, ActionResult>();
  let failed = false;
  for (const { verb, inputs, always } of job.steps) {
    if (failed && !always) continue;
    const result = await runAction({
      verb,
      directory,
      github,
      eventName: job.eventName,
      env: { RUNNER_TOOL_CACHE: tools },
      ...(inputs ? { inputs } : {}),
      ...(job.event ? { event: job.event } : {}),
    });
    transcript.action(verb, result);
    if (result.exitCode > 1)
      throw new Error(`${verb} ended with ${result.exitCode}:\n${result.stdout}\n${result.stderr}`);
    failed ||= result.exitCode !== 0;
    results.set(verb, result);
  }
  return { directory, results };
}

/** Asks the API of the GitHub on loopback as a person, or as the workflow. @throws when it refuses. */
export async function ask<T>(
  { github }: Stage,
  method: string,
  path: string,
  { as, body }: { as?: string; body?: unknown } = {},
): Promise<T> {
  const response = await fetch(`${github.apiUrl}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${as ? github.tokens[as] : github.token}`,
      'content-type': 'application/json',
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}
