import { readFileSync, writeFileSync } from 'node:fs';

/**
 * Writes the manifest of native parts from pnpm-lock.yaml: for every platform, the packages that must be unpacked, each
 * with the version and sha512 that the lock holds. Run it after the version of DuckDB or ONNX Runtime changes:
 * `node native/pin.ts`.
 */
const lockFile = new URL('../pnpm-lock.yaml', import.meta.url);
const manifestFile = new URL('../packages/engine/src/native/manifest.json', import.meta.url);

/** A package of a native module; `only` names the files and folders of it that are needed, all of them when left out. */
interface Part {
  readonly name: string;
  readonly only?: readonly string[];
}

const onnxRuntimePlatforms = ['darwin-arm64', 'linux-arm64', 'linux-x64', 'win32-arm64', 'win32-x64'];
const duckDbPlatforms = [
  'darwin-arm64',
  'darwin-x64',
  'linux-arm64',
  'linux-arm64-musl',
  'linux-x64',
  'linux-x64-musl',
  'win32-arm64',
  'win32-x64',
];

function onnxRuntimeParts(platform: string): Part[] {
  const library = `bin/napi-v6/${platform.replace('-', '/')}`;
  return [
    { name: 'onnxruntime-node', only: ['package.json', 'dist', library] },
    { name: 'onnxruntime-common', only: ['package.json', 'dist/cjs'] },
  ];
}

/** Its JavaScript is in the bundle. */
function duckDbParts(platform: string): Part[] {
  return [{ name: `@duckdb/node-bindings-${platform}` }];
}

/** The text of the manifest for a lock. A platform whose packages are not all in the lock is left out. */
export function manifestText(lock: string): string {
  const module = (name: string, platforms: string[], partsOf: (platform: string) => Part[]) => ({
    version: pinned(lock, name)?.version,
    platforms: Object.fromEntries(
      platforms.flatMap((platform) => {
        const packages = partsOf(platform).map(({ name, only }) => ({ name, ...pinned(lock, name), only }));
        return packages.every((part) => part.integrity) ? [[platform, packages]] : [];
      }),
    ),
  });
  const manifest = {
    '@duckdb/node-bindings': module('@duckdb/node-bindings', duckDbPlatforms, duckDbParts),
    'onnxruntime-node': module('onnxruntime-node', onnxRuntimePlatforms, onnxRuntimeParts),
  };
  return `${JSON.stringify(manifest, undefined, 2)}\n`;
}

function pinned(lock: string, name: string): { version?: string; integrity?: string } {
  const entry = new RegExp(`^ {2}'?${name}@([^':]+)'?:\n {4}resolution: \\{integrity: (sha512-[^,}]+)`, 'gm');
  const [found, ...others] = [...lock.matchAll(entry)];
  if (others.length > 0) throw new Error(`pnpm-lock.yaml holds more than one version of ${name}`);
  return found ? { version: found[1]!, integrity: found[2]! } : {};
}

if (import.meta.main) writeFileSync(manifestFile, manifestText(readFileSync(lockFile, 'utf8')));
