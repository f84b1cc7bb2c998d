/** Adapter: DuckDB and ONNX Runtime, and the loader for their native parts. */
export { loadDuckDb, loadOnnxRuntime } from './native/load.ts';
