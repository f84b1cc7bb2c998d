/**
 * Bundles every action and the command line into actions/_bundle/dist, and writes the stubs that start them.
 * Needs the compiled packages (`tsc -b`). The same sources give the same bytes, wherever the repository is.
 */
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import ncc from '@vercel/ncc';
import { transform } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const actions = join(here, '..');
const dist = join(here, 'dist');

// The names of chunks depend on the working directory.
process.chdir(here);
// ncc itself calls an old form of a Node.js function, which is no news to whoever builds Rastro.
process.noDeprecation = true;

const { code, assets } = await bundle(join(here, 'lib', 'index.js'), {
  cache: false,
  esm: true,
  license: 'LICENSES.txt',
  quiet: true,
  target: 'es2022',
});

rmSync(dist, { recursive: true, force: true });
write(join(dist, 'index.js'), await small(code));
for (const [name, { source }] of Object.entries(assets)) {
  write(join(dist, name), name.endsWith('.js') ? await small(source) : source);
}
write(join(dist, 'cli.js'), stub('./index.js', 'cli'));

for (const verb of readdirSync(actions)) {
  const stubFolder = join(actions, verb, 'dist');
  if (verb !== '_bundle') rmSync(stubFolder, { recursive: true, force: true });
  if (!existsSync(join(actions, verb, 'action.yml'))) continue;
  write(join(stubFolder, 'index.js'), stub('../../_bundle/dist/index.js', verb));
}

/** ncc's bundle; a failure is told without the frames of ncc's own source, which is one line of megabytes. */
async function bundle(entry, options) {
  try {
    return await ncc(entry, options);
  } catch (error) {
    console.error(`the bundle cannot be built: ${error.message}`);
    process.exit(1);
  }
}

/** Every job downloads the bundle, so it is packed; names stay, so that the stack of a bug can be read. */
async function small(source) {
  const options = {
    minifyWhitespace: true,
    minifySyntax: true,
    format: 'esm',
    target: 'node24',
    legalComments: 'none',
  };
  return (await transform(String(source), options)).code;
}

function stub(index, verb) {
  return `import { run } from '${index}';\nawait run('${verb}');\n`;
}

function write(path, content) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}
