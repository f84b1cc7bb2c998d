import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import {
  type GitHub,
  initBare,
  startGitHub,
  type TemporaryDirectory,
  temporaryDirectory,
} from '@rastro/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root } from './docs/action-files.ts';
import { type Step, shows, tutorialSteps } from './docs/tutorial.ts';
import { TOOLS, terminalEnvironment } from './place.ts';

const PAGE = 'docs/tutorial.md';
const PORT = '8642';
const steps = tutorialSteps(PAGE);

let home: TemporaryDirectory;
let github: GitHub;
let port: string;

beforeAll(async () => {
  home = await temporaryDirectory('rastro-tutorial');
  await symlink(root, join(home.path, 'rastro'));
  const remote = join(home.path, 'remote.git');
  await initBare(remote);
  github = await startGitHub({ repository: 'you/weather', git: remote });
  port = await freePort();
  const credentials = Buffer.from(`ada:${github.tokenOf('ada')}`).toString('base64');
  await writeFile(
    join(home.path, '.gitconfig'),
    `[user]\n  name = Ada Example\n  email = ada@example.com\n[url "${github.url}/"]\n  insteadOf = https://github.com/\n[http "${github.url}/"]\n  extraHeader = "AUTHORIZATION: basic ${credentials}"\n`,
  );
  // Whoever follows the page has signed in to GitHub's own command line before.
  await mkdir(join(home.path, 'bin'));
  await writeFile(join(home.path, 'bin/gh'), `#!/bin/sh\necho '${github.tokenOf('ada')}'\n`, { mode: 0o755 });
});
afterAll(async () => {
  await stopServer(join(home.path, 'weather/.rastro/serve'));
  await github?.stop();
  await home?.dispose();
});

test('the page has files to write and commands to run', () => {
  expect(steps.filter(({ kind }) => kind === 'file').length).toBeGreaterThan(4);
  expect(steps.filter(({ kind }) => kind === 'command').length).toBeGreaterThan(20);
});

test('what is shown is compared line by line', () => {
  expect(shows('a\nb 1\nc\n', ['a', '…', 'c'])).toBe(true);
  expect(shows('a\nb 1\nc\n', ['a', 'b …', 'c'])).toBe(true);
  expect(shows('a\nb 1\nc\n', ['a', 'c'])).toBe(false);
  expect(shows('a\nb 1\n', ['a'])).toBe(false);
  expect(shows('', [])).toBe(true);
});

test('every command of the tutorial, in its order, shows what the page says', async () => {
  const outputs = await played(steps);
  for (const [index, step] of steps.entries()) {
    if (step.kind !== 'command') continue;
    const said = outputs[index];
    expect(said, `${PAGE}:${step.line}: ${step.command} was not reached`).toBeDefined();
    const told = `${PAGE}:${step.line}: $ ${step.command}\n${said!.output}`;
    expect(said!.exitCode, told).toBe(0);
    expect(shows(said!.output, step.shown), told).toBe(true);
  }
}, 300_000);

interface Said {
  readonly output: string;
  readonly exitCode: number;
}

/** Runs all steps in one shell, as a reader would, and tells what each printed. */
async function played(all: readonly Step[]): Promise<(Said | undefined)[]> {
  const mark = '\u0001end';
  const script = all.map((step, index) => {
    const body =
      step.kind === 'file'
        ? `mkdir -p '${dirname(step.path)}'; cat > '${step.path}' <<'EOF_OF_FILE'\n${step.content}EOF_OF_FILE`
        : step.command;
    return `${body}\nprintf '${mark} %s %s\\n' ${index} $?`;
  });
  const env = {
    ...terminalEnvironment({
      RUNNER_TOOL_CACHE: TOOLS,
      GITHUB_SERVER_URL: github.url,
      GITHUB_API_URL: github.apiUrl,
    }),
    HOME: home.path,
    PATH: [join(home.path, 'bin'), dirname(process.execPath), process.env.PATH].join(delimiter),
    GIT_CONFIG_GLOBAL: join(home.path, '.gitconfig'),
    COLUMNS: '100',
  };
  const shell = spawn('bash', ['--noprofile', '--norc'], {
    cwd: home.path,
    env,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  shell.stdin.end(`exec 2>&1\n${script.join('\n').replaceAll(PORT, port)}\n`);
  const parts = (await text(shell.stdout))
    .replaceAll(port, PORT)
    .split(new RegExp(`${mark} (\\d+) (\\d+)\n`));
  const found: (Said | undefined)[] = [];
  for (let at = 0; at + 2 < parts.length; at += 3)
    found[Number(parts[at + 1])] = { output: parts[at]!, exitCode: Number(parts[at + 2]) };
  return found;
}

/** The server that the tutorial leaves behind, by the process id in its state. */
async function stopServer(folder: string): Promise<void> {
  const files = await readdir(folder, { recursive: true }).catch(() => []);
  const states = files.filter((name) => name.endsWith('.json'));
  for (const name of states) {
    const { pid } = JSON.parse(await readFile(join(folder, name), 'utf8')) as { pid?: number };
    if (pid) process.kill(pid);
  }
}

async function freePort(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port: found } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return String(found);
}
