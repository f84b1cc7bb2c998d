/** A YAML document held to a zod schema; every fault with its line, column and nearest known key. */
export { type Edit, editDocument } from './edit.ts';
export { knownKeys } from './known-keys.ts';
export { didYouMean } from './nearest.ts';
export { type Document, type Places, parseDocument, readDocument } from './read.ts';
