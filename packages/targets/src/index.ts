/** Adapters: one file per deploy target, and the embedded inference server. */
export { type Served, serveModel } from './inference-server.ts';
export { type LocalTargetOptions, localTarget } from './local.ts';
