/**
 * Compiles the AssemblyScript of the packages to WebAssembly, and writes each beside the code that uses it, as a module that any
 * bundler takes. Does nothing for one that is up to date.
 */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const packages = fileURLToPath(new URL('../../', import.meta.url));
const PROGRAMS = [
  {
    source: 'engine/assembly/csv-prover.ts',
    output: 'engine/src/duckdb/prover-binary.ts',
    name: 'PROVER_BINARY',
  },
  {
    source: 'metrics/assembly/poisson-resamples.ts',
    output: 'metrics/src/poisson-resamples-binary.ts',
    name: 'POISSON_RESAMPLES_BINARY',
  },
  {
    source: 'metrics/assembly/score-passes.ts',
    output: 'metrics/src/score-passes-binary.ts',
    name: 'SCORE_PASSES_BINARY',
  },
  {
    source: 'metrics/assembly/weighted-sweep.ts',
    output: 'metrics/src/weighted-sweep-binary.ts',
    name: 'WEIGHTED_SWEEP_BINARY',
  },
];

const timeOf = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
for (const program of PROGRAMS) {
  const made = timeOf(packages + program.output);
  // A program may be of several files of its folder.
  const folder = dirname(packages + program.source);
  const parts = readdirSync(folder).map((name) => join(folder, name));
  if ([...parts, fileURLToPath(import.meta.url)].some((path) => timeOf(path) >= made)) await compile(program);
}

async function compile({ source, output, name }) {
  const { default: asc } = await import('assemblyscript/asc');
  let binary;
  const { error, stderr } = await asc.main(
    [
      source,
      ...[
        '--baseDir',
        packages,
        '--outFile',
        'program.wasm',
        '--runtime',
        'stub',
        '--noAssert',
        '--converge',
      ],
      ...['--optimizeLevel', '3', '--shrinkLevel', '0', '--enable', 'simd,bulk-memory'],
    ],
    {
      readFile: (file, base) => {
        try {
          return readFileSync(new URL(file, `file://${base}/`), 'utf8');
        } catch {
          return null;
        }
      },
      writeFile: (file, content) => {
        if (file === 'program.wasm') binary = content;
      },
      listFiles: () => [],
    },
  );
  if (error) {
    console.error(`${source} cannot be compiled: ${error.message}\n${stderr}`);
    process.exit(1);
  }
  const text = Buffer.from(binary)
    .toString('base64')
    .replaceAll(/.{100}/g, "$&' +\n  '");
  writeFileSync(
    packages + output,
    `/** Made from ${source} by engine/assembly/build.mjs. */\nexport const ${name} =\n  '${text}';\n`,
  );
}
