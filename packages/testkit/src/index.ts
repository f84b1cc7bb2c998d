/** Temporary repositories, a runner's environment, a GitHub, fixtures. */
export {};
