/**
 * Bundles every action and the command line into actions/_bundle/dist, and writes the stubs that start them.
 * Needs the compiled packages (`tsc -b`). The same sources give the same bytes, wherever the repository is.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

/**
 * @actions/artifact can unpack archives with it, which Rastro never asks for: it reads them itself, with care. It stays outside,
 * because a package inside of it has no licence.
 */
const NEVER_CALLED = 'unzip-stream';

/** DuckDB's native part, which no bundle has: the engine loads it, and puts it where DuckDB's JavaScript asks for it. */
const NATIVE = '@duckdb/node-bindings';

const { code, assets } = await bundle(join(here, 'lib', 'index.js'), {
  cache: false,
  esm: true,
  externals: { [NEVER_CALLED]: './unzip.js', [NATIVE]: './duckdb.js' },
  license: 'LICENSES.txt',
  quiet: true,
  target: 'es2022',
});

rmSync(dist, { recursive: true, force: true });
write(join(dist, 'index.js'), await small(code));
write(join(dist, 'unzip.js'), `export default {};\n`);
// The first for an import, the second for a `require`.
write(
  join(dist, 'duckdb.js'),
  `const bindings = {};\nexport { bindings as default, bindings as 'module.exports' };\n`,
);
for (const [name, { source }] of Object.entries(assets)) {
  write(join(dist, name), name.endsWith('.js') ? await small(source) : withNotices(name, String(source)));
}
write(join(dist, 'cli.js'), stub('./index.js', 'cli'));

for (const verb of readdirSync(actions)) {
  const stubFolder = join(actions, verb, 'dist');
  if (verb !== '_bundle') rmSync(stubFolder, { recursive: true, force: true });
  if (!existsSync(join(actions, verb, 'action.yml'))) continue;
  write(join(stubFolder, 'index.js'), stub('../../_bundle/dist/index.js', verb));
}

/** The licences, and the notices that packages under Apache-2.0 ask to be passed on with them, which ncc leaves out. */
function withNotices(name, text) {
  if (name !== 'LICENSES.txt') return text;
  const names = new Set(text.split('\n'));
  const store = join(here, '../../node_modules/.pnpm');
  const notices = readdirSync(store)
    .sort()
    .flatMap((key) => packagesIn(join(store, key, 'node_modules')))
    .filter(({ name: each }) => names.has(each))
    .flatMap(({ name: each, folder }) =>
      readdirSync(folder)
        .filter((file) => /^notice/i.test(file))
        .map((file) => `\n${each}, ${file}\n\n${readFileSync(join(folder, file), 'utf8')}`),
    );
  return text + notices.join('');
}

/** Packages in a folder that are there themselves, and not as links. */
function packagesIn(modules, scope = '') {
  if (!existsSync(modules)) return [];
  return readdirSync(modules, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) =>
      name.startsWith('@')
        ? packagesIn(join(modules, name), `${name}/`)
        : [{ name: scope + name, folder: join(modules, name) }],
    );
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
