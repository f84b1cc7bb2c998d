/** Adapter: the git program. */
export {};
