export type * from './data-engine.ts';
export type * from './deployer.ts';
export type * from './forge.ts';
export type * from './model-runtime.ts';
export type * from './process.ts';
export type * from './repository.ts';
export type * from './trainer.ts';
export type * from './workspace.ts';
