/** Adapter: DuckDB and ONNX Runtime, and the loader for their native parts. */
export { createDuckDbEngine, type DuckDbOptions } from './duckdb/duckdb-engine.ts';
export { type LoadOptions, loadDuckDb, loadOnnxRuntime, locateOnnxRuntime } from './native/load.ts';
export { cacheFolder } from './native/platform.ts';
export { createOnnxRuntime, type OnnxRuntimeOptions } from './onnx/runtime.ts';
