import pins from './manifest.json' with { type: 'json' };

/** A native module that is kept out of the bundle. */
export type NativeName = keyof typeof pins;

/** One package to unpack: where it comes from, what its archive must hash to, and which of its paths are needed. */
export interface NativePart {
  readonly name: string;
  readonly version: string;
  /** `sha512-` and the base64 digest of the archive. */
  readonly integrity: string;
  /** Files and folders inside the package; all of it when left out. */
  readonly only?: readonly string[];
}

/** A module and the packages that make it work, for each platform such as `linux-x64` or `linux-x64-musl`. */
export interface NativeModule {
  readonly version: string;
  readonly platforms: Readonly<Record<string, readonly NativePart[]>>;
}

/** The pinned native modules, generated from the lock file by native/pin.ts. */
export const manifest: Readonly<Record<NativeName, NativeModule>> = pins;
