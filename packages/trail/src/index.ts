/** Entries, chain, envelopes, audit algorithm. */
export {};
