/** Adapter: octokit. */
export {};
