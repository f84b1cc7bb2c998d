import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { InputError, OutsideError } from '@rastro/fault';
import { pack } from 'tar-stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type InstallRequest, install } from '../src/native/install.ts';
import type { NativeModule } from '../src/native/manifest.ts';

let temporary: string;
let registry: Registry;

beforeEach(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'rastro-native-'));
  registry = await startRegistry(
    await archive({ 'package.json': '{"name":"tiny"}', 'index.js': 'module.exports = 7' }),
  );
});
afterEach(async () => {
  await registry.close();
  await rm(temporary, { recursive: true, force: true });
});

test('a package is fetched with npm, unpacked, and found in the cache afterwards without npm', async () => {
  const folder = await install(request());
  expect(folder).toBe(join(temporary, 'cache', 'tiny', '1.0.0', 'linux-x64'));
  expect(await readFile(join(folder, 'node_modules', 'tiny', 'index.js'), 'utf8')).toBe('module.exports = 7');
  await registry.close();
  expect(await install(request({ environment: {} }))).toBe(folder);
});

test('only the paths that are named are unpacked', async () => {
  const folder = await install(request({ module: tiny({ only: ['index.js'] }) }));
  expect(await readdir(join(folder, 'node_modules', 'tiny'))).toEqual(['index.js']);
});

test('an archive other than the pinned one is refused before anything is unpacked', async () => {
  const module = tiny({ integrity: integrityOf(Buffer.from('another archive')) });
  const error = await failure(install(request({ module })));
  expect(error).toBeInstanceOf(OutsideError);
  expect(error).toMatchObject({ code: 'native-checksum-mismatch' });
  expect(await everyFile(join(temporary, 'cache'))).toEqual([]);
});

test('a pin with another kind of checksum is not trusted', async () => {
  const error = await failure(install(request({ module: tiny({ integrity: 'sha1-abc' }) })));
  expect(String(error)).toContain('is not a sha512 checksum');
  expect(await everyFile(join(temporary, 'cache'))).toEqual([]);
});

test('several installs at once end with one whole folder and leave nothing else behind', async () => {
  const folders = await Promise.all([1, 2, 3].map(() => install(request())));
  expect(new Set(folders).size).toBe(1);
  expect(await readdir(dirname(folders[0]!))).toEqual(['linux-x64']);
  expect(await readdir(folders[0]!)).toEqual(['.complete', 'node_modules']);
});

test('an install that was killed half-way does not stand in the way of the next', async () => {
  registry.stall = true;
  await killedInstall();
  const shelf = join(temporary, 'cache', 'tiny', '1.0.0');
  const [leftover] = await readdir(shelf);
  expect(leftover).toMatch(/^\.staging-/);
  registry.stall = false;
  const longAgo = new Date(Date.now() - 24 * 60 * 60 * 1000);
  await utimes(join(shelf, leftover!), longAgo, longAgo);
  const folder = await install(request());
  expect(await readdir(shelf)).toEqual(['linux-x64']);
  expect(existsSync(join(folder, 'node_modules', 'tiny', 'index.js'))).toBe(true);
});

test('a folder that is there but not whole is replaced', async () => {
  const folder = join(temporary, 'cache', 'tiny', '1.0.0', 'linux-x64');
  await mkdir(join(folder, 'node_modules', 'tiny'), { recursive: true });
  await writeFile(join(folder, 'node_modules', 'tiny', 'index.js'), 'half of i');
  await install(request());
  expect(await readFile(join(folder, 'node_modules', 'tiny', 'index.js'), 'utf8')).toBe('module.exports = 7');
});

test('the credentials in the user’s .npmrc are used', async () => {
  registry.token = 'secret-canary';
  const refused = await failure(install(request()));
  expect(refused).toMatchObject({ code: 'native-download-failed' });
  expect(refused.message).toContain('E401');
  const npmrc = join(temporary, 'npmrc');
  await writeFile(npmrc, `//127.0.0.1:${registry.port}/:_authToken=secret-canary\n`);
  const environment = { ...npmEnvironment(), npm_config_userconfig: npmrc };
  expect(await install(request({ environment }))).toContain('tiny');
});

test('a registry that cannot be reached is told as that, with what to do', async () => {
  await registry.close();
  const error = await failure(install(request()));
  expect(error).toBeInstanceOf(OutsideError);
  expect(error.message).toMatch(/npm could not fetch tiny@1\.0\.0: ECONNREFUSED/);
});

test.skipIf(existsSync(join(dirname(process.execPath), 'npm')))(
  'a machine without npm is told so',
  async () => {
    const error = await failure(install(request({ environment: { PATH: temporary } })));
    expect(error).toBeInstanceOf(InputError);
    expect(error).toMatchObject({ code: 'npm-missing' });
  },
);

test('a platform that the module has no build for is refused by name', async () => {
  const error = await failure(install(request({ platform: 'sunos-sparc' })));
  expect(error).toBeInstanceOf(InputError);
  expect(error.message).toBe('tiny 1.0.0 is not available for sunos-sparc');
});

function tiny(changes: { integrity?: string; only?: string[] } = {}): NativeModule {
  const part = { name: 'tiny', version: '1.0.0', integrity: integrityOf(registry.archive), ...changes };
  return { version: '1.0.0', platforms: { 'linux-x64': [part] } };
}

function request(changes: Partial<InstallRequest> = {}): InstallRequest {
  return {
    name: 'tiny',
    module: tiny(),
    platform: 'linux-x64',
    cache: join(temporary, 'cache'),
    environment: npmEnvironment(),
    ...changes,
  };
}

function npmEnvironment(): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    HOME: temporary,
    npm_config_registry: `http://127.0.0.1:${registry.port}/`,
    npm_config_cache: join(temporary, 'npm-cache'),
    npm_config_fetch_retries: '0',
    npm_config_update_notifier: 'false',
  };
}

/** Starts an install in a process of its own and kills it, with all it started, while the archive is on its way. */
async function killedInstall(): Promise<void> {
  const source = join(import.meta.dirname, '../src/native/install.ts');
  const script = `import { install } from ${JSON.stringify(source)}; await install(${JSON.stringify(request())});`;
  const child = spawn(process.execPath, ['--conditions=source', '--input-type=module', '-e', script], {
    detached: true,
    stdio: 'ignore',
  });
  const closed = new Promise((resolve) => child.once('close', resolve));
  while (registry.stalled === 0) await wait(20);
  process.kill(-child.pid!, 'SIGKILL');
  await closed;
}

async function failure(work: Promise<unknown>): Promise<Error> {
  return work.then(
    () => expect.fail('nothing was thrown'),
    (error: Error) => error,
  );
}

async function everyFile(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

async function archive(files: Record<string, string>): Promise<Buffer> {
  const tar = pack();
  for (const [name, content] of Object.entries(files)) tar.entry({ name: `package/${name}` }, content);
  tar.finalize();
  return gzipSync(await buffer(tar));
}

function integrityOf(bytes: Buffer): string {
  return `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
}

interface Registry {
  readonly port: number;
  readonly archive: Buffer;
  token: string | undefined;
  /** While true, archives are begun and never finished. */
  stall: boolean;
  stalled: number;
  close(): Promise<void>;
}

/** An npm registry on loopback with one package, `tiny`. */
async function startRegistry(archive: Buffer): Promise<Registry> {
  const server: Server = createServer((message, response) => {
    if (state.token && message.headers.authorization !== `Bearer ${state.token}`) {
      response.writeHead(401).end('{}');
      return;
    }
    if (message.url?.endsWith('.tgz')) {
      response.writeHead(200, { 'content-length': archive.length });
      if (!state.stall) return void response.end(archive);
      response.write(archive.subarray(0, 10));
      state.stalled++;
      return;
    }
    const tarball = `http://127.0.0.1:${state.port}/tiny/-/tiny-1.0.0.tgz`;
    const version = { name: 'tiny', version: '1.0.0', dist: { tarball, integrity: integrityOf(archive) } };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify({ name: 'tiny', 'dist-tags': { latest: '1.0.0' }, versions: { '1.0.0': version } }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const state: Registry = {
    port: (server.address() as AddressInfo).port,
    archive,
    token: undefined,
    stall: false,
    stalled: 0,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return state;
}
