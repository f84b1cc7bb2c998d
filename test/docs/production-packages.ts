import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from './action-files.ts';

/** A package of others that shipped code depends on, directly or through another one. */
export interface ProductionPackage {
  readonly name: string;
  readonly version: string;
  /** As its package.json has it: an SPDX expression. */
  readonly license: string;
  readonly folder: string;
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** Packages of ours that are never shipped, and the one of others that the bundle leaves out. */
const OUTSIDE = ['testkit', 'demo'];
export const LEFT_OUT = 'unzip-stream';

/** All of them, as they are installed, by name and version. */
export function productionPackages(): ProductionPackage[] {
  const found = new Map<string, ProductionPackage>();
  const visit = (folder: string) => {
    const { dependencies = {}, optionalDependencies = {} } = manifestOf(folder);
    for (const [name, range] of Object.entries({ ...dependencies, ...optionalDependencies })) {
      if (range.startsWith('workspace:') || name === LEFT_OUT) continue;
      const at = installed(name, folder);
      // One for another platform.
      if (at === undefined) continue;
      const { version, license = '' } = manifestOf(at);
      const key = `${name}@${version}`;
      if (found.has(key)) continue;
      found.set(key, { name, version, license, folder: at });
      visit(at);
    }
  };
  for (const group of ['packages', 'actions'])
    for (const name of readdirSync(join(root, group)))
      if (!OUTSIDE.includes(name)) visit(join(root, group, name));
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
}

/** Where Node.js finds a package from a folder, links followed. */
function installed(name: string, from: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) return realpathSync(candidate);
    if (folder === dirname(folder)) return undefined;
  }
}
