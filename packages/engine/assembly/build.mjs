/** Compiles csv-prover.ts to WebAssembly, and writes it as a module that any bundler takes. Does nothing when it is up to date. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const output = fileURLToPath(new URL('../src/duckdb/prover-binary.ts', import.meta.url));

const timeOf = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
const isOld = ['csv-prover.ts', 'build.mjs'].some((name) => timeOf(here + name) >= timeOf(output));
if (isOld) await compile();

async function compile() {
  const { default: asc } = await import('assemblyscript/asc');
  let binary;
  const { error, stderr } = await asc.main(
    [
      'csv-prover.ts',
      ...['--baseDir', here, '--outFile', 'prover.wasm', '--runtime', 'stub', '--noAssert', '--converge'],
      ...['--optimizeLevel', '3', '--shrinkLevel', '0', '--enable', 'simd,bulk-memory'],
    ],
    {
      readFile: (name, base) => {
        try {
          return readFileSync(new URL(name, `file://${base}/`), 'utf8');
        } catch {
          return null;
        }
      },
      writeFile: (name, content) => {
        if (name === 'prover.wasm') binary = content;
      },
      listFiles: () => [],
    },
  );
  if (error) {
    console.error(`csv-prover.ts cannot be compiled: ${error.message}\n${stderr}`);
    process.exit(1);
  }
  const text = Buffer.from(binary)
    .toString('base64')
    .replaceAll(/.{100}/g, "$&' +\n  '");
  writeFileSync(
    output,
    `/** Made from assembly/csv-prover.ts by assembly/build.mjs. */\nexport const PROVER_BINARY =\n  '${text}';\n`,
  );
}
