/** The same use cases behind argv. */
export {};
