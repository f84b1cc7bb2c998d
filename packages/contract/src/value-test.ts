/**
 * What a check asks of every value that is there, column by column: the same as its SQL, in a form that an engine can prove on the
 * bytes of a file. A missing value passes all of them but `present`.
 */
export type ValueTest =
  | { readonly test: 'present' }
  /** Of the field's type, written as the contract has it. */
  | { readonly test: 'type' }
  /** Within bounds, as the contract writes them. */
  | {
      readonly test: 'range';
      readonly minimum?: string | number | undefined;
      readonly exclusiveMinimum?: string | number | undefined;
      readonly maximum?: string | number | undefined;
      readonly exclusiveMaximum?: string | number | undefined;
    }
  /** So many characters. */
  | {
      readonly test: 'length';
      readonly minimum?: number | undefined;
      readonly maximum?: number | undefined;
    }
  | { readonly test: 'oneOf'; readonly values: readonly (string | number | boolean)[] }
  /** The whole text matches: RE2, for a well-known shape and for the contract's own. */
  | { readonly test: 'format' | 'pattern'; readonly pattern: string }
  /** No white space at either end. */
  | { readonly test: 'trimmed' };

export type ValueTestName = ValueTest['test'];
