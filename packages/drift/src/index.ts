/** Distances, tests, sketches, verdict. */
export {};
