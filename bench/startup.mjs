/**
 * What an action costs before it does anything: the size of the bundle that every job downloads, and the time from start
 * to the first error in an empty folder, beside the time of an empty Node.js in the same run.
 *
 *   node bench/startup.mjs [rounds]
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';

const rounds = Number(process.argv[2] ?? 9);
const actions = join(dirname(fileURLToPath(import.meta.url)), '..', 'actions');
const bundle = join(actions, '_bundle', 'dist');
if (!existsSync(join(bundle, 'index.js'))) {
  console.error('there is no bundle: run `npm run build` first');
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), 'rastro-startup-'));
const summary = join(folder, 'summary');
const output = join(folder, 'output');
writeFileSync(summary, '');
writeFileSync(output, '');

const starts = new Map([
  ['empty Node.js', ['-e', '0']],
  ...readdirSync(actions)
    .filter((verb) => verb !== '_bundle')
    .map((verb) => [verb, ['--input-type=module', '-e', start(verb)]]),
  ['cli --version', [join(bundle, 'cli.js'), '--version']],
]);

// Round by round, so that a slow moment of the machine falls on all of them.
const times = new Map([...starts.keys()].map((name) => [name, []]));
for (let round = 0; round < rounds; round++) {
  for (const [name, args] of starts) times.get(name).push(timeOf(args));
}
rmSync(folder, { recursive: true, force: true });

const empty = median(times.get('empty Node.js'));
const sizes = readdirSync(bundle).map((name) => readFileSync(join(bundle, name)));
const bytes = sizes.reduce((sum, content) => sum + content.length, 0);
const compressed = sizes.reduce((sum, content) => sum + gzipSync(content).length, 0);

console.log(`Bundle: ${sizes.length} files, ${megabytes(bytes)} MB, ${megabytes(compressed)} MB gzipped.`);
console.log(
  `Start: median of ${rounds} rounds, Node.js ${process.versions.node}, ${process.platform}-${process.arch}.\n`,
);
console.log('| what | ms | times an empty Node.js |\n| --- | ---: | ---: |');
for (const [name, measured] of times) {
  const middle = median(measured);
  console.log(`| ${name} | ${middle.toFixed(0)} | ${(middle / empty).toFixed(1)} |`);
}

function start(verb) {
  const index = pathToFileURL(join(bundle, 'index.js'));
  return `import { run } from ${JSON.stringify(index)}; await run(${JSON.stringify(verb)});`;
}

function timeOf(args) {
  const begun = performance.now();
  const { error } = spawnSync(process.execPath, args, {
    cwd: folder,
    env: { PATH: process.env.PATH, GITHUB_STEP_SUMMARY: summary, GITHUB_OUTPUT: output },
    stdio: 'ignore',
  });
  if (error) throw error;
  return performance.now() - begun;
}

function median(values) {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)];
}

function megabytes(size) {
  return (size / 1_000_000).toFixed(2);
}
