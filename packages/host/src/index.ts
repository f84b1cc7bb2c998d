/** Runs a use case as an action: inputs, outputs, annotations, failure, wiring. */
export {};
