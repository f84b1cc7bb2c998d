/** Adapters: one file per deploy target, and the embedded inference server. */
export {};
