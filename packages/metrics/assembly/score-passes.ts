/**
 * What all rows of a two-class sample add up to: one pass over them as they come, and one from the highest score to the lowest. See
 * src/score-program.ts, which puts rows here a chunk at a time and lays out the memory for their order.
 *
 * AssemblyScript: compiled to WebAssembly by the engine's assembly/build.mjs.
 */

export * from './score-chunk';
export * from './score-keys';
export * from './score-rows';
export * from './score-sweep';
