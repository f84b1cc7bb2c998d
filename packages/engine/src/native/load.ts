import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import process from 'node:process';
import { OutsideError } from '@rastro/fault';
import { install } from './install.ts';
import { manifest, type NativeName } from './manifest.ts';
import { cacheFolder, currentPlatform } from './platform.ts';

export interface LoadOptions {
  /** Told once, in a sentence, before a module is downloaded. */
  readonly onFetch?: (message: string) => void;
}

const loaded = new Map<NativeName, Promise<unknown>>();

/**
 * DuckDB: all of it from Rastro's own workspace when this runs inside it, else over a native part from the tool cache, fetched at
 * first use.
 * @throws InputError `native-unsupported-platform`, `npm-missing`
 * @throws OutsideError `native-download-failed`, `native-checksum-mismatch`, `native-archive-unsafe`, `native-not-loadable`
 */
export async function loadDuckDb(options?: LoadOptions): Promise<typeof import('@duckdb/node-api')> {
  const bindings = (await once('@duckdb/node-bindings', options)) as object;
  // A bundle has DuckDB's JavaScript, and an empty object where that asks for its native part.
  const { default: asked } = await import('@duckdb/node-bindings');
  if (asked !== bindings) Object.setPrototypeOf(asked, bindings);
  return import('@duckdb/node-api');
}

/** ONNX Runtime, found and fetched like {@link loadDuckDb}, with the same errors. */
export async function loadOnnxRuntime(options?: LoadOptions): Promise<typeof import('onnxruntime-node')> {
  return (await once('onnxruntime-node', options)) as typeof import('onnxruntime-node');
}

/** The file that ONNX Runtime is loaded from, for another thread to load it too. Found and fetched as above, with the same errors. */
export async function locateOnnxRuntime(options?: LoadOptions): Promise<string> {
  const { require, entry } = await find('onnxruntime-node', options);
  return require.resolve(entry);
}

function once(name: NativeName, options: LoadOptions = {}): Promise<unknown> {
  const known = loaded.get(name);
  if (known) return known;
  const loading = load(name, options);
  loaded.set(name, loading);
  loading.catch(() => loaded.delete(name)); // a network that was down may be up at the next call
  return loading;
}

/** Where a module is loaded from, and by what name. */
async function find(
  name: NativeName,
  { onFetch }: LoadOptions = {},
): Promise<{ folder: string; require: NodeJS.Require; entry: string }> {
  const own = workspaceOf(name);
  const platform = currentPlatform();
  const folder =
    own ??
    (await install({
      name,
      module: manifest[name],
      platform,
      cache: cacheFolder(process.env),
      environment: process.env,
      onFetch: () => onFetch?.(`Fetching ${name} ${manifest[name].version}`),
    }));
  const require = createRequire(join(folder, 'package.json'));
  return { folder, require, entry: own ? name : entryOf(name, platform) };
}

async function load(name: NativeName, options: LoadOptions): Promise<unknown> {
  const { folder, require, entry } = await find(name, options);
  try {
    return require(entry);
  } catch (error) {
    throw new OutsideError(
      {
        code: 'native-not-loadable',
        message: `${name} ${manifest[name].version} cannot be loaded from ${folder}: ${(error as Error).message.split('\n')[0]}`,
        next: 'Run this step on a newer operating system image, or remove that folder so that it is fetched again.',
      },
      { cause: error },
    );
  }
}

/** What to load of the parts that are unpacked. */
function entryOf(name: NativeName, platform: string): string {
  switch (name) {
    case '@duckdb/node-bindings':
      return `${name}-${platform}/duckdb.node`;
    case 'onnxruntime-node':
      return name;
  }
}

/**
 * The engine's own package folder, when this file runs inside Rastro's workspace and the pinned version is installed
 * there. Nothing else on disk is looked at: a module that the user's repository happens to carry is never loaded.
 */
function workspaceOf(name: NativeName): string | undefined {
  const here: string | undefined = import.meta.dirname; // a bundle may not know it
  if (!here) return undefined;
  const folder = join(here, '..', '..');
  const own = join(folder, 'package.json');
  if (!existsSync(own) || nameAndVersion(own).name !== '@rastro/engine') return undefined;
  const installed = join(folder, 'node_modules', ...name.split('/'), 'package.json');
  if (!existsSync(installed)) return undefined;
  return nameAndVersion(installed).version === manifest[name].version ? folder : undefined;
}

function nameAndVersion(file: string): { name?: string; version?: string } {
  return JSON.parse(readFileSync(file, 'utf8')) as { name?: string; version?: string };
}
