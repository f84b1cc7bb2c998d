import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../../..');
/** Every job that uses an action downloads the bundle. */
const budgetBytes = 1_500_000;
/** What one action reads of it, unpacked, before it has anything to do: every step waits for that. */
const startBytes = 1_500_000;

let temporary: string;
let first: string;
let second: string;

beforeAll(() => {
  if (!existsSync(join(root, 'actions/_bundle/lib/index.js'))) throw new Error('run `npx tsc -b` first');
  mkdirSync(join(root, '.cache'), { recursive: true });
  temporary = mkdtempSync(join(root, '.cache', 'bundle-'));
  first = buildCopy(join(temporary, 'one'));
  second = buildCopy(join(temporary, 'a', 'deeper', 'place'));
}, 300_000);
afterAll(() => rmSync(temporary, { recursive: true, force: true }), 300_000);

test('the bundle is the same bytes wherever it is built', () => {
  const built = contents(dist(first));
  expect(Object.keys(built)).toContain('index.js');
  expect(contents(dist(second))).toEqual(built);
});

test('a build leaves nothing of an earlier build', () => {
  const built = contents(dist(second));
  writeFileSync(join(dist(second), '999.index.js'), 'stale');
  build(second);
  expect(contents(dist(second))).toEqual(built);
});

test('the whole bundle stays within its budget', () => {
  const compressed = Object.values(contents(dist(first))).map((text) => gzipSync(text).length);
  expect(compressed.reduce((sum, size) => sum + size, 0)).toBeLessThan(budgetBytes);
});

test('there is no native code in it, and nothing that names the machine it was built on', () => {
  const files = contents(dist(first));
  for (const [name, text] of Object.entries(files)) {
    expect(name).toMatch(/^[\w.-]+\.(?:js|json|txt)$/);
    expect(text.includes(temporary), `${name} holds a path of this machine`).toBe(false);
  }
});

test('every action with an action.yml has a stub that starts its verb in the bundle', () => {
  const verbs = readdirSync(join(first, 'actions')).filter((verb) =>
    existsSync(join(first, 'actions', verb, 'action.yml')),
  );
  for (const verb of verbs) {
    const stub = readFileSync(join(first, 'actions', verb, 'dist/index.js'), 'utf8');
    expect(stub).toBe(`import { run } from '../../_bundle/dist/index.js';\nawait run('${verb}');\n`);
  }
});

test('a verb that fails before it reads data or a model has loaded no native code, and little of the bundle', () => {
  const verbs = readdirSync(join(first, 'actions')).filter((verb) => verb !== '_bundle');
  expect(verbs).toContain('validate');
  for (const verb of [...verbs, 'cli']) {
    const { native, files } = loadedBy(verb);
    expect({ verb, native }).toEqual({ verb, native: [] });
    expect(files.length).toBeGreaterThan(0);
    const bytes = files.reduce((sum, file) => sum + readFileSync(new URL(file)).length, 0);
    // The command line knows every verb.
    if (verb !== 'cli') expect(bytes, `${verb} loads ${files.join(', ')}`).toBeLessThan(startBytes);
  }
});

test('a Node.js that is too old is told which one is needed', () => {
  const older = `data:text/javascript,Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } })`;
  for (const stub of ['_bundle/dist/cli.js', 'validate/dist/index.js']) {
    const { status, stderr, stdout } = spawnSync(
      process.execPath,
      ['--import', older, join(first, 'actions', stub)],
      { encoding: 'utf8', env: environment(temporary) },
    );
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(
      /^error Rastro needs Node\.js 24 or later, but this is v[\d.]+ \[node-too-old\]\n {6}Install/,
    );
  }
});

/** A copy of the compiled workspace; its dependencies are hard links, so that every path in it is a path of the copy. */
function buildCopy(place: string): string {
  mkdirSync(place, { recursive: true });
  execFileSync('cp', ['-RPl', join(root, 'node_modules'), join(place, 'node_modules')]);
  for (const group of ['packages', 'actions']) {
    cpSync(join(root, group), join(place, group), {
      recursive: true,
      verbatimSymlinks: true,
      filter: (path) => !['src', 'test', 'dist'].includes(basename(path)),
    });
  }
  build(place);
  return place;
}

function build(place: string): void {
  execFileSync(process.execPath, [join(place, 'actions/_bundle/build.mjs')], { stdio: 'pipe' });
}

function dist(place: string): string {
  return join(place, 'actions/_bundle/dist');
}

function contents(folder: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(folder)
      .sort()
      .map((name) => [name, readFileSync(join(folder, name), 'latin1')]),
  );
}

interface Loaded {
  /** Libraries of the native modules. */
  readonly native: readonly string[];
  /** Addresses of the files of the bundle. */
  readonly files: readonly string[];
}

/** Runs a verb in an empty folder and tells what its process had loaded at the end. */
function loadedBy(verb: string): Loaded {
  const empty = mkdtempSync(join(tmpdir(), 'rastro-empty-'));
  const marker = 'loaded: ';
  const script = `
    const files = [];
    require('node:module').registerHooks({
      load(url, context, next) {
        if (url.startsWith('file:')) files.push(url);
        return next(url, context);
      },
    });
    process.on('exit', () => {
      const { sharedObjects } = process.report.getReport();
      const native = sharedObjects.filter((path) => /duckdb|onnxruntime/.test(path));
      require('node:fs').writeSync(2, ${JSON.stringify(`\n${marker}`)} + JSON.stringify({ native, files }) + '\\n');
    });
    import(${JSON.stringify(join(dist(first), 'index.js'))}).then(({ run }) => run(${JSON.stringify(verb)}));`;
  const { stderr } = spawnSync(process.execPath, ['-e', script], {
    cwd: empty,
    env: environment(join(empty, 'tools')),
    encoding: 'utf8',
    timeout: 30_000,
  });
  expect(readdirSync(join(empty, 'tools')), `${verb} fetched native code`).toEqual(['rastro-compiled']);
  rmSync(empty, { recursive: true, force: true });
  const line = stderr.split('\n').find((text) => text.startsWith(marker));
  if (line === undefined) throw new Error(`${verb} did not end by itself`);
  return JSON.parse(line.slice(marker.length)) as Loaded;
}

function environment(tools: string): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, RUNNER_TOOL_CACHE: tools };
}
