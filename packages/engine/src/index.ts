/** Adapter: DuckDB and ONNX Runtime, and the loader for their native parts. */
export { type LoadOptions, loadDuckDb, loadOnnxRuntime } from './native/load.ts';
export { createOnnxRuntime, type OnnxRuntimeOptions } from './onnx/runtime.ts';
