import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { manifestText } from '../../../native/pin.ts';
import { loadDuckDb, loadOnnxRuntime } from '../src/index.ts';
import { install } from '../src/native/install.ts';
import { manifest, type NativeName } from '../src/native/manifest.ts';
import { cacheFolder, currentPlatform } from '../src/native/platform.ts';

const root = join(import.meta.dirname, '../../..');

test('the manifest says what the lock file says', () => {
  const written: unknown = JSON.parse(manifestText(readFileSync(join(root, 'pnpm-lock.yaml'), 'utf8')));
  expect(manifest).toEqual(written);
});

test('every pin is a sha512 checksum of an exact version', () => {
  const parts = Object.values(manifest).flatMap(({ platforms }) => Object.values(platforms).flat());
  expect(parts.length).toBeGreaterThan(0);
  for (const part of parts) {
    expect(part.integrity).toMatch(/^sha512-[A-Za-z0-9+/]{86}==$/);
    expect(part.version).toMatch(/^\d+\.\d+\.\d+(-[\w.]+)?$/);
  }
});

test('the runner’s tool cache is used when it is an absolute path, the user’s own cache otherwise', () => {
  expect(cacheFolder({ RUNNER_TOOL_CACHE: '/opt/hostedtoolcache' })).toBe('/opt/hostedtoolcache');
  expect(cacheFolder({ RUNNER_TOOL_CACHE: 'node_modules/cache' })).toMatch(/^\/.*rastro$/);
});

test('inside the workspace its own modules are loaded, once', async () => {
  const [first, second] = await Promise.all([loadOnnxRuntime(), loadOnnxRuntime()]);
  expect(first).toBe(second);
  expect(first.env.versions.node).toBe(manifest['onnxruntime-node'].version);
  expect((await loadDuckDb()).version()).toMatch(/^v1\./);
});

test('what the manifest names is enough to run both modules', async ({ skip }) => {
  const reached = spawnSync('npm', ['view', 'detect-libc@2.1.2', 'name'], { timeout: 30_000 });
  if (reached.status !== 0) {
    if (process.env.RASTRO_REQUIRE_REAL === '1') expect.fail('the npm registry cannot be reached');
    skip('the npm registry cannot be reached');
  }
  const cache = await mkdtemp(join(tmpdir(), 'rastro-real-'));
  try {
    const duckDb = await installed('@duckdb/node-bindings', cache);
    const version = `console.log(require('@duckdb/node-bindings-${currentPlatform()}/duckdb.node').library_version())`;
    expect(runIn(duckDb, version)).toMatch(/^v1\./);
    const onnx = await installed('onnxruntime-node', cache);
    expect(runIn(onnx, `console.log(require('onnxruntime-node').listSupportedBackends()[0].name)`)).toBe(
      'cpu',
    );
  } finally {
    await rm(cache, { recursive: true, force: true });
  }
});

async function installed(name: NativeName, cache: string): Promise<string> {
  return install({
    name,
    module: manifest[name],
    platform: currentPlatform(),
    cache,
    environment: process.env,
  });
}

/** Runs a script as if it were a file in `folder`, in a process of its own. */
function runIn(folder: string, script: string): string {
  expect(createRequire(join(folder, 'x.js')).resolve.paths('x')![0]).toContain(folder);
  return execFileSync(process.execPath, ['-e', script], { cwd: folder, encoding: 'utf8' }).trim();
}
