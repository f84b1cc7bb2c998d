import { fault, InputError, OutsideError } from '@rastro/fault';
import { execa } from 'execa';
import { configurationEnvironment, withoutCredentials } from './credentials.ts';

export interface GitOutput {
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Runs git in one directory. There is no shell: an argument is an argument, whatever is in it. */
export interface Git {
  readonly directory: string;
  /** Any exit code but those allowed (default 0) is an OutsideError with git's own words. */
  run(
    args: readonly string[],
    options?: { input?: string | Uint8Array; env?: Record<string, string>; allow?: readonly number[] },
  ): Promise<GitOutput>;
  /** Standard output as text, without the newline at its end. */
  text(args: readonly string[], options?: Parameters<Git['run']>[1]): Promise<string>;
}

/** The first version that reads configuration from `GIT_CONFIG_COUNT`. */
const LEAST_VERSION = [2, 31] as const;

/** Settings that a user's own configuration must not change under us. */
const SETTINGS: readonly [string, string][] = [
  ['core.quotePath', 'false'],
  ['core.fsmonitor', 'false'],
  ['i18n.commitEncoding', 'UTF-8'],
  ['i18n.logOutputEncoding', 'UTF-8'],
  ['protocol.ext.allow', 'never'],
  ['push.followTags', 'false'],
  ['push.gpgSign', 'false'],
  ['fetch.recurseSubmodules', 'false'],
  ['gc.auto', '0'],
  ['maintenance.auto', 'false'],
];

/** Variables with which a hook or a parent git points its children at another repository. */
const REDIRECTING = [
  'GIT_DIR',
  'GIT_WORK_TREE',
  'GIT_INDEX_FILE',
  'GIT_OBJECT_DIRECTORY',
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_COMMON_DIR',
  'GIT_NAMESPACE',
  'GIT_PREFIX',
  'GIT_CEILING_DIRECTORIES',
] as const;

export function git(directory: string, settings: readonly [string, string][] = []): Git {
  const env = {
    ...Object.fromEntries(REDIRECTING.map((name) => [name, undefined])),
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    GIT_OPTIONAL_LOCKS: '0',
    // An object is what its id says, not what refs/replace puts in its place.
    GIT_NO_REPLACE_OBJECTS: '1',
    ...configurationEnvironment([...SETTINGS, ...settings]),
  };
  const run: Git['run'] = async (args, options = {}) => {
    const child = execa('git', args, {
      cwd: directory,
      env: { ...env, ...options.env },
      ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
      encoding: 'buffer',
      buffer: false,
      reject: false,
    });
    const [result, stdout, stderr] = await Promise.all([
      child,
      collected(child.stdout),
      collected(child.stderr),
    ]);
    if (result.exitCode === undefined) throw notRun(result);
    const output = {
      exitCode: result.exitCode,
      stdout,
      stderr: withoutCredentials(stderr.toString('utf8')),
    };
    if (!(options.allow ?? [0]).includes(output.exitCode)) throw gitFailed(args, output);
    return output;
  };
  const text: Git['text'] = async (args, options) =>
    (await run(args, options)).stdout.toString('utf8').replace(/\n$/, '');
  return { directory, run, text };
}

/** All bytes of a stream, without the copies that growing one buffer for them would take. */
async function collected(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** @throws OutsideError when git is not installed or too old. */
export async function checkVersion(program: Git): Promise<void> {
  const words = await program.text(['version']);
  const [, major, minor] = /(\d+)\.(\d+)/.exec(words) ?? [];
  const [leastMajor, leastMinor] = LEAST_VERSION;
  const isEnough =
    Number(major) > leastMajor || (Number(major) === leastMajor && Number(minor) >= leastMinor);
  if (!isEnough) {
    throw new OutsideError(
      fault(
        'git-too-old',
        `${words} is too old`,
        undefined,
        `Install git ${LEAST_VERSION.join('.')} or later.`,
      ),
    );
  }
}

function notRun(result: { cause?: unknown; message?: string | undefined; code?: string | undefined }): Error {
  if (result.code === 'ENOENT') {
    return new OutsideError(
      fault(
        'git-missing',
        'git cannot be run here',
        undefined,
        'Install git, and run in an existing folder.',
      ),
      { cause: result.cause },
    );
  }
  return new OutsideError(
    fault(
      'git-failed',
      `git was stopped: ${withoutCredentials(result.message ?? 'by a signal')}`,
      undefined,
      'Run this step again.',
    ),
    { cause: result.cause },
  );
}

/** git's own words, and what to do where they have a well-known cause. */
export function gitFailed(args: readonly string[], { stderr, exitCode }: GitOutput): Error {
  const verb = args.find((arg) => !arg.startsWith('-')) ?? 'git';
  const lines = stderr.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('hint:'));
  const told = lines.find((line) => /^(fatal|error|remote: fatal):/.test(line)) ?? lines.at(-1);
  const message = `git ${verb} failed: ${told?.replace(/^(fatal|error): /, '') ?? `exit code ${exitCode}`}`;
  if (/not a git repository/.test(stderr)) {
    return new InputError(
      fault(
        'git-no-repository',
        'this is not a git repository',
        undefined,
        'Run git init, or run elsewhere.',
      ),
    );
  }
  if (/dubious ownership/.test(stderr)) {
    return new OutsideError(
      fault('git-ownership', message, undefined, 'Run git config --global --add safe.directory <folder>.'),
    );
  }
  if (/Authentication failed|could not read Username|Permission denied|403|401/.test(stderr)) {
    return new OutsideError(
      fault(
        'git-permission',
        message,
        undefined,
        'Give the token write access: permissions: contents: write.',
      ),
    );
  }
  if (
    /Failed to connect|Could(n't| not) (resolve host|connect)|Connection (refused|timed out|reset)/i.test(
      stderr,
    )
  ) {
    return new OutsideError(
      fault(
        'remote-unreachable',
        message,
        undefined,
        'Check the network, the proxy and the address of the remote, then run this step again.',
      ),
    );
  }
  return new OutsideError(
    fault('git-failed', message, undefined, 'Mend what git names, then run this step again.'),
  );
}
