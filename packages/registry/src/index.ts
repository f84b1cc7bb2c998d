/** Versions, stages, semver rules, policy, promotion plans. */
export {};
