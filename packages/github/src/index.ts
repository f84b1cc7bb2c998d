/** Adapter: octokit. */
export type { Patience } from './client.ts';
export { createForge, type ForgeOptions } from './create-forge.ts';
