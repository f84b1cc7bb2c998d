import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';

const engine = join(import.meta.dirname, '..');

test.skipIf(existsSync(join(dirname(process.execPath), 'npm')))(
  'outside the workspace, a module that the user’s repository carries is not loaded',
  () => {
    const repository = mkdtempSync(join(tmpdir(), 'rastro-user-'));
    plant(repository, 'onnxruntime-node');
    plant(repository, '@duckdb/node-api');
    plant(repository, '@duckdb/node-bindings');
    const native = join(repository, 'vendor', 'rastro', 'native');
    cpSync(join(engine, 'src/native'), native, { recursive: true });
    for (const name of ['@rastro/fault', 'tar-stream']) {
      const link = join(repository, 'node_modules', name);
      mkdirSync(dirname(link), { recursive: true });
      symlinkSync(realpathSync(join(engine, 'node_modules', name)), link, 'junction');
    }
    const script = `
      const { loadDuckDb, loadOnnxRuntime } = await import(${JSON.stringify(join(native, 'load.ts'))});
      for (const load of [loadDuckDb, loadOnnxRuntime]) {
        await load().then(() => console.log('loaded'), (error) => console.log(error.code));
      }`;
    const { stdout } = spawnSync(
      process.execPath,
      ['--conditions=source', '--input-type=module', '-e', script],
      {
        cwd: repository,
        env: { RUNNER_TOOL_CACHE: join(repository, 'tools') },
        encoding: 'utf8',
      },
    );
    expect(stdout).toBe('npm-missing\nnpm-missing\n');
    expect(existsSync(join(repository, 'taken'))).toBe(false);
    rmSync(repository, { recursive: true, force: true });
  },
);

function plant(repository: string, name: string): void {
  const folder = join(repository, 'node_modules', name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, main: 'index.js' }));
  writeFileSync(join(folder, 'index.js'), `require('node:fs').writeFileSync('taken', '')`);
}
