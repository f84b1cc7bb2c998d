import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { root } from './docs/action-files.ts';
import { LEFT_OUT, type ProductionPackage, productionPackages } from './docs/production-packages.ts';

/** Licences under which code may be shipped inside of an Apache-2.0 work: permissive ones, which ask for a notice at most. */
const ALLOWED = ['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'BlueOak-1.0.0', 'ISC', 'MIT'];
/** Packages that say their licence by its name only, so that there is no text of theirs to pass on. */
const WITHOUT_TEXT = ['@nodable/entities', 'isarray'];

const LICENSES = 'actions/_bundle/dist/LICENSES.txt';

let packages: ProductionPackage[];
let shipped: string;
beforeAll(() => {
  packages = productionPackages();
  shipped = readFileSync(join(root, LICENSES), 'utf8');
});

test('every package that shipped code depends on is under a licence of the list', () => {
  expect(packages.length).toBeGreaterThan(50);
  const others = packages.filter(({ license }) => {
    // `(MIT OR CC0-1.0)` leaves the choice, `A AND B` does not.
    const choices = license.replaceAll(/[()]/g, '').split(' OR ');
    return !choices.some((choice) => choice.split(' AND ').every((one) => ALLOWED.includes(one)));
  });
  expect(others.map(({ name, version, license }) => `${name}@${version}: ${license || 'none'}`)).toEqual([]);
});

test('every bundled package has its licence in what is shipped, word for word', () => {
  const bundled = Map.groupBy(packages.filter(isBundled), ({ name }) => name);
  expect([...bundled.keys()]).toEqual(expect.arrayContaining(['@actions/core', 'semver', 'zod', 'yaml']));
  const all = flat(shipped);
  // Of several versions one may be all that the bundle has.
  const without = [...bundled].filter(
    ([name, versions]) =>
      !WITHOUT_TEXT.includes(name) &&
      !versions.some(({ folder }) => {
        const text = textOf(folder, /^(licen[cs]e|copying)/i);
        return text !== undefined && all.includes(flat(text));
      }),
  );
  expect(without.map(([name]) => name)).toEqual([]);
});

test('a notice that a bundled package asks to be passed on is passed on', () => {
  const notices = packages.filter(isBundled).flatMap(({ folder }) => textOf(folder, /^notice/i) ?? []);
  expect(notices.length).toBeGreaterThan(0);
  for (const notice of notices) expect(flat(shipped)).toContain(flat(notice));
});

test('what is left out of the bundle is not in it, nor what it needs', () => {
  for (const name of [LEFT_OUT, 'binary', 'buffers']) expect(shipped.split('\n')).not.toContain(name);
});

test('what is inlined by hand, the plotting library of reports, carries its licence with it', () => {
  const source = readFileSync(join(root, 'packages/report/src/plotting-library.ts'), 'utf8');
  expect(source).toContain('The MIT License (MIT)');
  expect(source).toContain('Leon Sorokin');
});

function isBundled({ name }: ProductionPackage): boolean {
  return shipped.startsWith(`${name}\n`) || shipped.includes(`\n${name}\n`);
}

function flat(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}

function textOf(folder: string, name: RegExp): string | undefined {
  const file = readdirSync(folder).find((each) => name.test(each));
  return file === undefined ? undefined : readFileSync(join(folder, file), 'utf8');
}
