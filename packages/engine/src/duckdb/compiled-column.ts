import {
  type Automaton,
  automatonOfPattern,
  automatonOfTexts,
  type ValueTest,
  type ValueTestName,
} from '@rastro/contract';
import type { ColumnTests } from './column-tests.ts';

const KINDS = { text: 1, integer: 2, number: 3, date: 4, datetime: 5 } as const;
const BITS: Readonly<Record<ValueTestName, number>> = {
  present: 1,
  type: 2,
  range: 4,
  length: 8,
  oneOf: 16,
  format: 32,
  pattern: 64,
  trimmed: 128,
};

/** Bytes of a column for the prover, and where in them things are: the class `Column` of assembly/csv-prover.ts. */
export const COLUMN_BYTES = 64;
const PLACES = {
  isLowOpen: 16,
  isHighOpen: 20,
  kind: 24,
  asked: 28,
  unproven: 32,
  minLength: 36,
  maxLength: 40,
  missing: 44,
  type: 48,
  oneOf: 52,
  format: 56,
  pattern: 60,
} as const;
type Place = keyof typeof PLACES;
const MOST_CHARACTERS = 2 ** 27;

/** A column as the prover takes it: words, bounds, and automata that the whole text must pass. */
export class CompiledColumn {
  readonly automata = new Map<Place, Automaton>();
  readonly #words: Partial<Record<Place, number>>;
  #asked = 0;
  #low = Number.NEGATIVE_INFINITY;
  #high = Number.POSITIVE_INFINITY;

  constructor(column: ColumnTests, missing: Automaton | undefined) {
    this.#words = { kind: KINDS[column.kind], minLength: 0, maxLength: MOST_CHARACTERS };
    if (missing) this.automata.set('missing', missing);
    for (const test of column.tests) if (this.#take(test, column)) this.#asked |= BITS[test.test];
  }

  /** Returns false for a test that the prover does not know. */
  #take(test: ValueTest, { kind, texts }: ColumnTests): boolean {
    const isText = kind === 'text' && texts === undefined;
    switch (test.test) {
      case 'present':
        return true;
      case 'type':
        return texts === undefined || this.#run('type', automatonOfTexts(texts));
      case 'range':
        return !isText && this.#bound(test, kind);
      case 'length':
        this.#words.minLength = test.minimum ?? 0;
        this.#words.maxLength = Math.min(test.maximum ?? MOST_CHARACTERS, MOST_CHARACTERS);
        return isText && this.#words.minLength < MOST_CHARACTERS;
      case 'oneOf':
        return isText && this.#run('oneOf', automatonOfTexts(test.values.map(String)));
      case 'format':
      case 'pattern':
        return isText && this.#run(test.test, automatonOfPattern(test.pattern));
      case 'trimmed':
        return isText;
    }
  }

  #run(place: Place, automaton: Automaton | undefined): boolean {
    if (automaton) this.automata.set(place, automaton);
    return automaton !== undefined;
  }

  #bound(test: ValueTest & { test: 'range' }, kind: ColumnTests['kind']): boolean {
    const lows = [test.minimum, test.exclusiveMinimum].map((bound) => numberOf(bound, kind, this.#low));
    const highs = [test.maximum, test.exclusiveMaximum].map((bound) => numberOf(bound, kind, this.#high));
    if ([...lows, ...highs].includes(undefined)) return false;
    this.#low = Math.max(...(lows as number[]));
    this.#high = Math.min(...(highs as number[]));
    this.#words.isLowOpen = Number(lows[1] === this.#low && Number.isFinite(this.#low));
    this.#words.isHighOpen = Number(highs[1] === this.#high && Number.isFinite(this.#high));
    return true;
  }

  write(view: DataView, at: number, addressOf: (automaton: Automaton) => number): void {
    view.setFloat64(at, this.#low, true);
    view.setFloat64(at + 8, this.#high, true);
    const automata = [...this.automata].map(([place, automaton]) => [place, addressOf(automaton)] as const);
    const words = { ...this.#words, asked: this.#asked, ...Object.fromEntries(automata) };
    for (const [place, word] of Object.entries(words)) view.setInt32(at + PLACES[place as Place], word, true);
  }

  /** What of the tests was proven, when the prover has seen all. */
  read(view: DataView, at: number): Set<ValueTestName> {
    const proven = this.#asked & ~view.getInt32(at + PLACES.unproven, true);
    return new Set((Object.keys(BITS) as ValueTestName[]).filter((name) => (proven & BITS[name]) !== 0));
  }
}

/** A bound as the prover compares: a day as YYYYMMDD, a time as YYYYMMDDhhmmss. Undefined when it is written in another way. */
function numberOf(
  bound: string | number | undefined,
  kind: ColumnTests['kind'],
  none: number,
): number | undefined {
  if (bound === undefined) return none;
  if (kind === 'integer' || kind === 'number') return typeof bound === 'number' ? bound : undefined;
  const parts = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d):(\d\d)Z?)?$/.exec(`${bound}`)?.slice(1);
  if (!parts || (kind === 'date' && parts[3] !== undefined)) return undefined;
  return Number(
    parts
      .slice(0, kind === 'date' ? 3 : 6)
      .map((part) => part ?? '00')
      .join(''),
  );
}
