import type { Place } from './place.ts';

export type Severity = 'error' | 'warning' | 'notice';

/** One thing that is wrong, where, and what to do about it. */
export interface Fault {
  /** Stable kebab-case name, listed in the troubleshooting page. */
  readonly code: string;
  /** One sentence without a final period, in the user's words. */
  readonly message: string;
  readonly place?: Place;
  /** What to do next, as an imperative sentence. */
  readonly next?: string;
}

/** A fault with its optional parts left out when they are undefined. */
export function fault(code: string, message: string, where?: Place, next?: string): Fault {
  return { code, message, ...(where ? { place: where } : {}), ...(next ? { next } : {}) };
}

/**
 * An error we mean to show. It carries one or more faults: the first is the headline, the others are told too.
 * Throw `InputError` when the user can mend it in their repository, `OutsideError` when another system failed.
 */
export abstract class RastroError extends Error {
  readonly faults: readonly [Fault, ...Fault[]];

  constructor(faults: Fault | readonly Fault[], options?: { cause?: unknown }) {
    const list = Array.isArray(faults) ? (faults as readonly Fault[]) : [faults as Fault];
    const [first, ...rest] = list;
    if (!first) throw new TypeError('a RastroError needs at least one fault');
    super(first.message, options);
    this.name = new.target.name;
    this.faults = [first, ...rest];
  }

  get code(): string {
    return this.faults[0].code;
  }
}

/** The user's input is wrong: exit code 2. */
export class InputError extends RastroError {}

/** A system outside Rastro and the repository failed: exit code 3. */
export class OutsideError extends RastroError {}

export function isRastroError(error: unknown): error is RastroError {
  return error instanceof RastroError;
}
