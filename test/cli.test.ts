import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { type TemporaryRepository, temporaryRepository } from '@rastro/testkit';
import { parametersOf, verbs } from '@rastro/usecases';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { projectFiles } from './churn.ts';
import { CLI, cli, sha256, startPlace, terminalEnvironment } from './place.ts';
import { releasable } from './released.ts';

let project: TemporaryRepository;

beforeAll(async () => {
  project = await temporaryRepository({ files: projectFiles() });
});
afterAll(() => project?.dispose());

/** What every escape sequence begins with. */
const ESCAPE = String.fromCharCode(27);

const run = (...args: string[]) => cli(project.directory, args);
const oneLine = (text: string) => text.replaceAll(/\s+/g, ' ');

describe('help', () => {
  test.each(verbs.map((verb) => ({ name: verb.name, verb })))(
    'rastro $name --help tells every option, its default and what it does',
    async ({ verb }) => {
      const { exitCode, stdout, stderr } = await run(verb.name, '--help');
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
      const help = oneLine(stdout);
      expect(help).toContain(verb.summary);
      for (const { name, description, default: initial } of parametersOf(verb.request)) {
        expect(help).toContain(`--${name} `);
        expect(help).toContain(oneLine(description));
        if (initial) expect(help).toContain(`(default: ${initial.replaceAll('\n', ', ')})`);
      }
      for (const common of ['--json', '--no-color', '--directory']) expect(help).toContain(common);
    },
  );

  test('rastro --help tells every verb and what the exit codes mean', async () => {
    const { exitCode, stdout } = await run('--help');
    expect(exitCode).toBe(0);
    const help = oneLine(stdout);
    for (const { name, summary } of verbs) {
      expect(help).toContain(` ${name}`);
      expect(help).toContain(summary);
    }
    expect(help).toContain('serve');
    expect(help).toContain('Exit codes: 0 pass, 1 a gate failed, 2 wrong input');
  });

  test('rastro alone says how it is used, as wrong input', async () => {
    const { exitCode, stderr } = await run();
    expect(exitCode).toBe(2);
    expect(stderr).toContain('Usage: rastro');
  });
});

describe('mistakes', () => {
  test.each([
    { args: ['validate', '--limt', '3'], says: /unknown option '--limt'[\s\S]*Did you mean --limit\?/ },
    { args: ['valdate'], says: /unknown command 'valdate'[\s\S]*Did you mean validate\?/ },
    { args: ['validate', '--limit'], says: /option '--limit <number>' argument missing/ },
    { args: ['validate', 'data.csv'], says: /too many arguments/ },
    { args: ['serve', '--name', 'x'], says: /required option '--file <path>'/ },
    {
      args: ['serve', '--file', 'no.onnx', '--name', 'x', '--port', '99999'],
      says: /--port: expected a number from 0 to 65535/,
    },
    { args: ['serve', '--file', 'no.onnx', '--name', 'x'], says: /no\.onnx.*does not exist/ },
  ])('rastro $args is wrong input, told on standard error', async ({ args, says }) => {
    const { exitCode, stdout, stderr } = await run(...args);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(says);
  });
});

describe('a project', () => {
  test.each([
    { args: ['validate'], exit: 0 },
    { args: ['train'], exit: 0 },
    { args: ['evaluate'], exit: 0 },
    { args: ['compare'], exit: 0 },
    { args: ['compare', '--require-baseline'], exit: 1 },
    { args: ['release', '--dry-run'], exit: 0 },
    { args: ['audit'], exit: 4 },
    { args: ['comment', '--pull-request', '1'], exit: 2 },
  ])(
    'rastro $args --json prints one JSON document and nothing else, and ends with $exit',
    async ({ args, exit }) => {
      const { exitCode, stdout, stderr } = await run(...args, '--json');
      expect(exitCode, stderr).toBe(exit);
      const { verdict } = JSON.parse(stdout) as { verdict: string };
      expect(verdict).toBe({ 0: 'pass', 1: 'breach', 2: 'error', 4: 'breach' }[exit]);
      expect(stdout.trimEnd().split('\n').at(0)).toBe('{');
      expect(stderr).not.toContain(ESCAPE);
    },
  );

  test('from another folder, -C names the one to work in', async () => {
    const { exitCode, stdout } = await cli('/', ['evaluate', '-C', project.directory, '--json']);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout).record).toMatchObject([{ model: 'churn', path: 'metrics/churn.json' }]);
  });

  test('a list is given once for each item, or with commas', async () => {
    for (const args of [['--data', 'customers', '--data', 'holdout'], ['--data=customers,holdout']]) {
      const { stdout } = await run('validate', ...args, '--json');
      expect(JSON.parse(stdout).record.map(({ dataset }: { dataset: string }) => dataset)).toEqual([
        'customers',
        'holdout',
      ]);
    }
  });

  test('there is no colour where there is no terminal', async () => {
    const { stdout, stderr } = await run('validate');
    expect(stdout).toContain('customers keeps its contract');
    expect(stdout + stderr).not.toContain(`${ESCAPE}[`);
  });
});

test('the remote tells which repository on GitHub it is: nobody is asked for its name', async () => {
  await using place = await startPlace(releasable([{ name: 'churn' }]));
  const { github } = place;
  const { exitCode, stdout, stderr } = await cli(place.directory, ['release'], {
    GITHUB_SERVER_URL: github.url,
    GITHUB_API_URL: github.apiUrl,
    GITHUB_TOKEN: github.tokenOf('ada'),
  });
  expect(exitCode, stderr).toBe(0);
  expect(stdout).toContain('Released churn v1.0.0.');
  expect((await github.state()).releases).toMatchObject([{ tag: 'churn@v1.0.0', draft: false }]);
});

const hasTerminal = spawnSync('script', ['--version']).status === 0;

describe.skipIf(!hasTerminal)('a terminal', () => {
  test('has colours', () => {
    const shown = onTerminal(['validate']);
    expect(shown).toContain(`${ESCAPE}[`);
    expect(stripVTControlCharacters(shown)).toContain('PASS');
  });

  test.each([
    { args: ['validate', '--no-color'], env: {} },
    { args: ['validate'], env: { NO_COLOR: '1' } },
    { args: ['audit', '--no-color'], env: {} },
    { args: ['validate', '--data', 'none'], env: { NO_COLOR: '1' } },
  ])('has none with $args $env', ({ args, env }) => {
    // Only the mode of a text counts: a line may still be cleared.
    expect(onTerminal(args, env)).not.toMatch(new RegExp(`${ESCAPE}\\[[\\d;]*m`));
  });
});

/** What the server says to an inference. */
interface Answer {
  readonly error?: string;
  readonly outputs?: { readonly name: string; readonly data: unknown[] }[];
}

describe('rastro serve', () => {
  let server: ChildProcess;
  let url: string;
  let file: string;

  beforeAll(async () => {
    await run('train');
    file = join(project.directory, 'models/churn.onnx');
    const ready = join(project.directory, '.rastro/ready');
    const args = ['serve', '--file', file, '--name', 'churn', '--model-version', 'v1.0.0', '--port', '0'];
    server = spawn(process.execPath, [CLI, ...args, '--ready-file', ready], {
      cwd: project.directory,
      env: terminalEnvironment(),
      stdio: 'ignore',
    });
    url = await untilThere(ready);
  });
  afterAll(() => server?.kill('SIGKILL'));

  const describedModel = async () =>
    (await (await fetch(`${url}/v2/models/churn`)).json()) as {
      inputs: { name: string; datatype: string }[];
    };
  const infer = async (body: unknown) => {
    const response = await fetch(`${url}/v2/models/churn/infer`, {
      method: 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as Answer };
  };
  const input = (name: string, datatype: string, data: unknown[]) => ({
    name,
    datatype,
    shape: [data.length, 1],
    data,
  });

  test('says that it lives, is ready, and what it is', async () => {
    for (const path of ['/v2/health/live', '/v2/health/ready', '/v2/models/churn/ready', '/v2'])
      expect((await fetch(url + path)).status, path).toBe(200);
  });

  test('describes the model: inputs, outputs, version and digest', async () => {
    const metadata = await describedModel();
    expect(metadata).toMatchObject({
      name: 'churn',
      versions: ['v1.0.0'],
      parameters: { sha256: sha256(await readFile(file)) },
    });
    expect(metadata.inputs.map(({ name }) => name)).toEqual(['tenure', 'calls', 'plan', 'spend']);
    expect(await (await fetch(`${url}/v2/models/churn/versions/v1.0.0`)).json()).toEqual(metadata);
  });

  test('answers several rows at once, and repeats the id of the request', async () => {
    const { inputs } = await describedModel();
    const values: Record<string, unknown[]> = {
      tenure: [1, 70],
      calls: [9, 0],
      plan: ['basic', 'plus'],
      spend: [40.5, 30],
    };
    const { status, body } = await infer({
      id: 'request-1',
      inputs: inputs.map(({ name, datatype }) => input(name, datatype, values[name]!)),
    });
    expect(status, JSON.stringify(body)).toBe(200);
    expect(body).toMatchObject({ id: 'request-1', model_name: 'churn', model_version: 'v1.0.0' });
    const labels = body.outputs!.find(({ data }) => data.length === 2)!;
    expect(labels.data.map(Number)).toEqual([1, 0]);
  });

  test.each([
    { what: 'no JSON', body: '{', says: /not JSON/ },
    { what: 'no inputs', body: { inputs: [] }, says: /inputs/ },
    {
      what: 'an unknown datatype',
      body: { inputs: [input('tenure', 'FP999', [1])] },
      says: /unknown datatype "FP999"/,
    },
    {
      what: 'a shape that does not fit its data',
      body: { inputs: [{ ...input('tenure', 'FP32', [1]), shape: [3, 1] }] },
      says: /holds 3 values, data has 1/,
    },
    {
      what: 'an input that the model lacks',
      body: { inputs: [input('age', 'FP32', [1])] },
      says: /age|tenure/,
    },
  ])('a request with $what is answered 400 with the reason', async ({ body, says }) => {
    const answer = await infer(body);
    expect(answer.status).toBe(400);
    expect(answer.body.error).toMatch(says);
  });

  test('what is not there is 404', async () => {
    for (const path of ['/', '/v2/models/other', '/v2/models/churn/versions/v9', '/v2/models/churn/infer'])
      expect((await fetch(url + path)).status, path).toBe(404);
  });

  test('a path that cannot be read is the fault of who asks', async () => {
    expect((await fetch(`${url}/v2/models/%E0%A4%A`)).status).toBe(400);
  });

  test('a request that is too large is 413, and the next one is answered', async () => {
    const { status } = await infer(`"${'x'.repeat(17 * 1024 * 1024)}"`);
    expect(status).toBe(413);
    expect((await fetch(`${url}/v2/health/live`)).status).toBe(200);
  });

  test('ends at once on SIGTERM, with exit code 0', async () => {
    const ended = once(server, 'exit');
    server.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  });
});

/** What a terminal shows, escape sequences among it. */
function onTerminal(args: readonly string[], env: Record<string, string> = {}): string {
  const command = [process.execPath, CLI, ...args].map((part) => `'${part}'`).join(' ');
  const { stdout } = spawnSync('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    cwd: project.directory,
    env: terminalEnvironment({ TERM: 'xterm-256color', ...env }),
    encoding: 'utf8',
  });
  return stdout;
}

async function untilThere(file: string): Promise<string> {
  for (;;) {
    const text = await readFile(file, 'utf8').catch(() => '');
    if (text.endsWith('\n')) return text.trim();
    await sleep(50);
  }
}
