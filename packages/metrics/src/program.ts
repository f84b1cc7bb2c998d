declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};
declare function atob(base64: string): string;

/** The memory of a WebAssembly program. It may grow, and then has another buffer. */
export interface ProgramMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): void;
}

/** Compiles a program that asks for nothing from outside; `binary` is in base64. */
export function startProgram<Exports>(binary: string): Exports {
  const bytes = Uint8Array.from(atob(binary), (byte) => byte.charCodeAt(0));
  return new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as Exports;
}

const PAGE = 65_536;

/** Makes the memory at least so many bytes long. */
export function reserve(memory: ProgramMemory, bytes: number): void {
  const missing = bytes - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
}

/** The address, or the next one that a vector may be at. */
export function aligned(address: number): number {
  return Math.ceil(address / 16) * 16;
}
