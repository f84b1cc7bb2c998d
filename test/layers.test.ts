import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from './docs/action-files.ts';
import { trackedFiles } from './docs/tracked-files.ts';

/** From the inside out: a package imports packages of the layers before its own, and what its layer says besides. */
const layers = {
  base: ['fault', 'document'],
  domain: ['contract', 'metrics', 'drift', 'lineage', 'trials', 'registry', 'trail', 'report'],
  usecases: ['usecases'],
  adapters: ['engine', 'git', 'github', 'gitlab', 'store', 'targets', 'tabular'],
  host: ['host'],
  cli: ['cli'],
  actions: readdirSync(join(root, 'actions')).filter((verb) => !verb.startsWith('_')),
  bundle: ['_bundle'],
  outside: ['testkit', 'demo'],
} as const;
type Layer = keyof typeof layers;
const order = Object.keys(layers) as Layer[];

/** Layers whose packages may import each other; TypeScript's references already refuse a circle. */
const opensToItself: readonly Layer[] = ['base', 'domain', 'outside'];
/** What only the packages on the right may import. */
const reserved: Readonly<Record<string, readonly string[]>> = {
  '@actions/core': ['host'],
  '@actions/github': ['github'],
  '@octokit/': ['github'],
  '@duckdb/': ['engine'],
  'onnxruntime-node': ['engine'],
  // The host runs the user's own command, the local target its own server, the engine npm's way to the registry.
  'node:child_process': ['host', 'targets', 'engine'],
  execa: ['git'],
  '@rastro/tabular': ['host'],
};

interface Import {
  readonly file: string;
  readonly from: string;
  /** Only types: nothing of it is there when the code runs. */
  readonly type: boolean;
}

interface Package {
  readonly name: string;
  readonly folder: string;
  readonly layer: Layer;
  readonly dependencies: readonly string[];
  readonly devDependencies: readonly string[];
  readonly references: readonly string[];
  readonly sources: readonly { readonly file: string; readonly text: string }[];
  readonly imports: readonly Import[];
}

const files = trackedFiles();
const packages = new Map(
  ['packages', 'actions']
    .flatMap((group) => readdirSync(join(root, group)).map((name) => readPackage(group, name)))
    .map((one) => [one.name, one]),
);
const shipped = [...packages.values()].filter(({ layer }) => layer !== 'outside');

test('every package has its layer', () => {
  expect(
    [...packages.values()].filter(({ layer }) => layer === undefined).map(({ folder }) => folder),
  ).toEqual([]);
});

test('importing a package does nothing, and it says so: the bundle then loads no more for a verb than it uses', () => {
  for (const { folder, layer, sources } of shipped) {
    if (layer === 'bundle') continue;
    const { sideEffects } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
    expect({ folder, sideEffects }).toEqual({ folder, sideEffects: false });
    for (const { file, text } of sources)
      expect({ file, bare: text.match(/^import '.*$/m) }).toEqual({ file, bare: null });
  }
});

test('CONTRIBUTING.md tells the packages of every layer', () => {
  const rows = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8').matchAll(/^\| ([a-z ]+?) +\| ([^|]+)\|/gm);
  const told = new Map(
    [...rows].map(([, layer, names]) => [layer!, [...names!.matchAll(/`(\w+)`/g)].map(([, name]) => name)]),
  );
  for (const [row, layer] of [
    ['base', 'base'],
    ['domain', 'domain'],
    ['use case', 'usecases'],
    ['adapter', 'adapters'],
    ['host', 'host'],
    ['outside', 'outside'],
  ] as const)
    expect(told.get(row), row).toEqual(layers[layer]);
});

describe.each([...packages.values()])('$folder', (one) => {
  const used = new Set(one.imports.map(({ from }) => packageOf(from)));
  const ours = [...used].filter((name) => name.startsWith('@rastro/')).sort();

  test('imports only from the layers inside its own', () => {
    const outward = one.imports.filter(({ from }) => {
      const other = packages.get(packageOf(from));
      if (!other || other === one) return false;
      const distance = order.indexOf(one.layer) - order.indexOf(other.layer);
      return distance < 0 || (distance === 0 && !opensToItself.includes(one.layer));
    });
    expect(outward).toEqual([]);
  });

  test('imports other packages by their names alone', () => {
    const inside = one.imports.filter(
      ({ from, file }) =>
        /^@rastro\/[^/]+\/./.test(from) ||
        (from.startsWith('.') && !resolve(root, file, '..', from).startsWith(join(root, one.folder, 'src'))),
    );
    expect(inside).toEqual([]);
  });

  test('imports what belongs to one package only there', () => {
    if (one.layer === 'outside') return;
    const stray = one.imports.filter(({ from }) =>
      Object.entries(reserved).some(
        ([prefix, to]) => from.startsWith(prefix) && !to.includes(shortName(one)),
      ),
    );
    expect(stray).toEqual([]);
  });

  test('depends on exactly what it imports, and so do its references', () => {
    expect([...one.dependencies].filter((name) => name.startsWith('@rastro/')).sort()).toEqual(ours);
    expect([...one.references].sort()).toEqual(ours);
    expect(one.dependencies.filter((name) => !used.has(name))).toEqual([]);
    for (const { from, type, file } of one.imports.filter((each) => isPackage(each.from))) {
      // What only its types are used of need not be there when the code runs.
      const known = type ? [...one.dependencies, ...one.devDependencies] : one.dependencies;
      expect(known, file).toContain(packageOf(from));
    }
  });
});

describe.each(shipped.filter(({ layer }) => ['base', 'domain', 'usecases'].includes(layer)))(
  '$folder is pure: ',
  (one) => {
    test('it touches no machine', () => {
      expect(one.imports.filter(({ from }) => /^(node:|@actions\/)/.test(from))).toEqual([]);
      expect(found(one, /(?<![/\w])(process\.|require\(|fetch\(|setTimeout\(|setInterval\()/)).toEqual([]);
    });

    test('it has no clock and no chance of its own', () => {
      // How long a use case waits before it tries again may be left to chance: no result depends on it.
      const waits = one.layer === 'usecases' ? /clock\.sleep\(Math\.random\(\)/ : undefined;
      const impure = found(
        one,
        /\b(Date\.now\(|new Date\(\)|performance\.now\(|Math\.random\(|randomUUID\(|getRandomValues\()/,
      );
      expect(impure.filter((line) => !waits?.test(line))).toEqual([]);
    });
  },
);

test.each(shipped.filter(({ folder }) => folder.startsWith('packages/')))(
  'the index of $folder names every export',
  ({ sources, folder }) => {
    const index = sources.find(({ file }) => file === `${folder}/src/index.ts`);
    expect(index?.text).toBeDefined();
    expect(index!.text).not.toMatch(/^export \*(?! from '\.\/ports)/m);
  },
);

test('an action is small: what is more belongs in a package', () => {
  for (const { folder, sources } of packages.values()) {
    if (!folder.startsWith('actions/') || folder === 'actions/_bundle') continue;
    const lines = sources.reduce((sum, { text }) => sum + text.trimEnd().split('\n').length, 0);
    expect(lines, folder).toBeLessThanOrEqual(60);
  }
});

test('the whole build knows every package', () => {
  const { references } = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8'));
  expect(references.map(({ path }: { path: string }) => path).sort()).toEqual(
    [...packages.values()].map(({ folder }) => folder).sort(),
  );
});

function readPackage(group: string, folderName: string): Package {
  const folder = `${group}/${folderName}`;
  const read = (file: string) => readFileSync(join(root, file), 'utf8');
  const manifest = JSON.parse(read(`${folder}/package.json`));
  const { references = [] } = JSON.parse(read(`${folder}/tsconfig.json`)) as {
    references?: { path: string }[];
  };
  const sources = files
    .filter((file) => file.startsWith(`${folder}/src/`) && file.endsWith('.ts'))
    .map((file) => ({ file, text: withoutComments(read(file)) }));
  return {
    name: manifest.name,
    folder,
    layer: order.find((layer) => (layers[layer] as readonly string[]).includes(folderName))!,
    dependencies: Object.keys(manifest.dependencies ?? {}),
    devDependencies: Object.keys(manifest.devDependencies ?? {}),
    references: references.map(({ path }) => JSON.parse(read(join(folder, path, 'package.json'))).name),
    sources,
    imports: sources.flatMap(importsOf),
  };
}

function importsOf({ file, text }: { file: string; text: string }): Import[] {
  const statements = [...text.matchAll(/^(?:import|export) ([^;]*? from )?'([^']+)';$/gm)].map(
    ([, clause = '', from]) => ({ file, from: from!, type: isTypeClause(clause) }),
  );
  const expressions = [...text.matchAll(/(typeof |: )?\bimport\('([^']+)'\)/g)].map(([, before, from]) => ({
    file,
    from: from!,
    type: before !== undefined,
  }));
  const resolved = [...text.matchAll(/\.resolve\('([^'.][^']*)'\)/g)].map(([, from]) => ({
    file,
    from: from!,
    type: false,
  }));
  return [...statements, ...expressions, ...resolved];
}

function isTypeClause(clause: string): boolean {
  if (clause.startsWith('type ')) return true;
  const names = /^\{([\s\S]*)\} from $/
    .exec(clause)?.[1]
    ?.split(',')
    .map((name) => name.trim());
  return names?.every((name) => name === '' || name.startsWith('type ')) ?? false;
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|\s)\/\/ .*$/gm, '$1');
}

function found({ sources }: Package, pattern: RegExp): string[] {
  return sources.flatMap(({ file, text }) =>
    text
      .split('\n')
      .filter((line) => pattern.test(line))
      .map((line) => `${file}: ${line.trim()}`),
  );
}

function packageOf(specifier: string): string {
  if (specifier.startsWith('.') || specifier.startsWith('node:')) return specifier;
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

function isPackage(name: string): boolean {
  return !name.startsWith('.') && !name.startsWith('node:');
}

function shortName({ folder }: Package): string {
  return folder.split('/')[1]!;
}
