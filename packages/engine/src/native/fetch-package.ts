import { spawn } from 'node:child_process';
import { createHash, timingSafeEqual } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, mkdir, readdir, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import process from 'node:process';
import { pipeline } from 'node:stream/promises';
import { InputError, OutsideError } from '@rastro/fault';
import type { NativePart } from './manifest.ts';

/**
 * Downloads a package's archive into `folder` with the machine's own npm, so that its registry, credentials and proxies
 * hold, and verifies it against the pinned checksum.
 * @returns the path of the verified archive
 * @throws InputError `npm-missing` when there is no npm
 * @throws OutsideError `native-download-failed`, or `native-checksum-mismatch` when the archive is not the pinned one
 */
export async function fetchPackage(
  part: NativePart,
  folder: string,
  environment: NodeJS.ProcessEnv,
): Promise<string> {
  // npm looks for a project above its working directory, whose settings are not ours to follow: here is one without any.
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{}\n');
  await runNpm(part, folder, environment);
  const archive = (await readdir(folder)).find((name) => name.endsWith('.tgz'));
  if (!archive) {
    throw new OutsideError({
      code: 'native-download-failed',
      message: `npm reported success but left no archive of ${part.name}@${part.version}`,
      next: 'Update npm to version 9 or later.',
    });
  }
  const path = join(folder, archive);
  await verify(part, path);
  return path;
}

async function verify(part: NativePart, path: string): Promise<void> {
  const [algorithm, digest] = part.integrity.split(/-(.*)/s);
  if (algorithm !== 'sha512' || !digest) {
    throw new Error(`the pin of ${part.name} is not a sha512 checksum: ${part.integrity}`);
  }
  const hash = createHash('sha512');
  await pipeline(createReadStream(path), hash);
  const actual = hash.digest();
  const expected = Buffer.from(digest, 'base64');
  if (actual.length === expected.length && timingSafeEqual(actual, expected)) return;
  throw new OutsideError({
    code: 'native-checksum-mismatch',
    message: `the archive of ${part.name}@${part.version} that npm fetched is not the one that Rastro pins (sha512-${actual.toString('base64')})`,
    next: 'Check which registry or proxy npm is configured for; nothing was unpacked.',
  });
}

async function runNpm(part: NativePart, folder: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const npm = await findNpm(environment);
  const { exitCode, stderr } = await run(
    npm,
    ['pack', `${part.name}@${part.version}`, '--pack-destination=.', '--ignore-scripts', '--loglevel=error'],
    { cwd: folder, environment },
  );
  if (exitCode === 0) return;
  throw new OutsideError({
    code: 'native-download-failed',
    message: `npm could not fetch ${part.name}@${part.version}: ${npmReason(stderr) ?? `exit code ${exitCode}`}`,
    next: 'Check the network and the registry that npm is configured for, or run Rastro once where it can be reached: what it fetches is kept in the tool cache.',
  });
}

/** npm on the PATH, else the one beside the running Node.js. */
async function findNpm(environment: NodeJS.ProcessEnv): Promise<string> {
  const name = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const path = environment.PATH ?? environment.Path ?? '';
  for (const folder of [...path.split(delimiter).filter(Boolean), dirname(process.execPath)]) {
    const candidate = join(folder, name);
    if (await isThere(candidate)) return candidate;
  }
  throw new InputError({
    code: 'npm-missing',
    message:
      'the native parts of Rastro are not installed yet, and there is no npm on the PATH to fetch them with',
    next: 'Install Node.js with npm (on a runner: actions/setup-node) before this step.',
  });
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function run(
  command: string,
  args: readonly string[],
  { cwd, environment }: { cwd: string; environment: NodeJS.ProcessEnv },
): Promise<{ exitCode: number | null; stderr: string }> {
  // Windows starts .cmd files through a shell only; name and version come from the manifest and hold nothing to expand.
  const shell = process.platform === 'win32';
  return new Promise((resolve, reject) => {
    const child = spawn(shell ? `"${command}"` : command, args, {
      cwd,
      env: environment,
      shell,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr = `${stderr}${text}`.slice(-16_384);
    });
    child.once('error', reject);
    child.once('close', (exitCode) => resolve({ exitCode, stderr }));
  });
}

/** The code and first sentence of npm's complaint, such as `E404 404 No match found for version 9.9.9`. */
function npmReason(stderr: string): string | undefined {
  const lines = [...stderr.matchAll(/^npm (?:error|ERR!) (.+)$/gm)].map((match) => match[1]!.trim());
  const code = lines.find((line) => line.startsWith('code '))?.slice('code '.length);
  const sentence = lines.find((line) => !/^(?:code|errno|syscall) /.test(line));
  return code ? [code, sentence].filter(Boolean).join(': ') : sentence;
}
