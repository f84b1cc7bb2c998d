import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import {
  type ActionResult,
  type ActionRun,
  type Files,
  type GitHub,
  runAction,
  startGitHub,
  type TemporaryRepository,
  temporaryRepository,
} from '@rastro/testkit';

const suite = join(import.meta.dirname, '..');

/** Native parts are fetched once for all tests, and for all runs of them. */
export const TOOLS = process.env.RASTRO_TEST_TOOLS ?? join(suite, '.cache/tools');

/** The command line as it is shipped. */
export const CLI = join(suite, 'actions/_bundle/dist/cli.js');

/** A repository that is checked out from a GitHub on loopback, and the actions that run in it. */
export interface Place {
  readonly repository: TemporaryRepository;
  readonly github: GitHub;
  /** Where the checked-out files are. */
  readonly directory: string;
  /** Runs a bundled action with the workflow's token. */
  act(verb: string, inputs?: Record<string, string>, more?: Partial<ActionRun>): Promise<ActionResult>;
  /** Pushes to GitHub as its user ada would. */
  push(...refspecs: string[]): Promise<void>;
  /** A further checkout of what GitHub has. */
  clone(options?: { depth?: number }): Promise<TemporaryRepository>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Commits the files on `main` and pushes them to a GitHub of their own. */
export async function startPlace(files: Files): Promise<Place> {
  const repository = await temporaryRepository({ files, remote: true });
  await repository.push('main');
  const github = await startGitHub({ repository: 'acme/churn', git: repository.remote! });
  const url = `${github.url}/acme/churn.git`;
  await repository.git('remote', 'set-url', 'origin', url);
  await repository.git('remote', 'set-head', 'origin', 'main');
  const credentials = Buffer.from(`ada:${github.tokenOf('ada')}`).toString('base64');
  return {
    repository,
    github,
    directory: repository.directory,
    act: (verb, inputs = {}, more = {}) =>
      runAction({
        verb,
        directory: repository.directory,
        inputs,
        github,
        ...more,
        env: { RUNNER_TOOL_CACHE: TOOLS, ...more.env },
      }),
    async push(...refspecs) {
      const header = `http.extraheader=AUTHORIZATION: basic ${credentials}`;
      await repository.git('-c', header, 'push', '--quiet', 'origin', ...refspecs);
    },
    clone: ({ depth } = {}) => repository.clone({ from: url, ...(depth === undefined ? {} : { depth }) }),
    async [Symbol.asyncDispose]() {
      await github.stop();
      await repository.dispose();
    },
  };
}

export interface CliResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the shipped command line in a directory, away from the machine's own configuration. */
export async function cli(
  directory: string,
  args: readonly string[],
  env: Record<string, string> = {},
  user: { uid?: number; gid?: number } = {},
): Promise<CliResult> {
  return new Promise((resolve) => {
    const options = { ...user, cwd: directory, env: terminalEnvironment(env), maxBuffer: 64 * 1024 * 1024 };
    const child = execFile(process.execPath, [CLI, ...args], options, (error, stdout, stderr) =>
      resolve({ exitCode: error ? Number(error.code ?? -1) : 0, stdout, stderr }),
    );
    child.stdin?.end();
  });
}

/** What a terminal of a user without any configuration would hand on. */
export function terminalEnvironment(env: Record<string, string> = {}): Record<string, string> {
  const kept = [
    'PATH',
    'LANG',
    'TMPDIR',
    'HOME',
    'NPM_CONFIG_USERCONFIG',
    'HTTPS_PROXY',
    'NODE_EXTRA_CA_CERTS',
  ];
  const given = kept.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    ...Object.fromEntries(given),
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    RUNNER_TOOL_CACHE: TOOLS,
    ...env,
  };
}

export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
