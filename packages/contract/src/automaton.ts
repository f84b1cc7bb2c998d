import { RE2JS } from 're2js';

/** A deterministic automaton over the bytes of UTF-8. State 0 is none: no text gets out of it. State 1 is the start. */
export interface Automaton {
  readonly states: number;
  /** 1 for each state in which a whole text is accepted. */
  readonly accepting: Uint8Array;
  /** For each state the state that each of 256 bytes leads to. */
  readonly moves: Uint8Array;
}

/** A byte tells a state, so more there cannot be. */
const MOST_STATES = 255;

class Builder {
  readonly #numbers = new Map<string, number>();
  readonly #accepting: number[] = [0];
  readonly #moves: Uint8Array[] = [new Uint8Array(256)];

  get isFull(): boolean {
    return this.#moves.length > MOST_STATES;
  }

  /** The number of the state with this name, and whether it is new. */
  state(name: string, isAccepting: boolean): { number: number; isNew: boolean } {
    const known = this.#numbers.get(name);
    if (known !== undefined) return { number: known, isNew: false };
    const number = this.#moves.length;
    this.#numbers.set(name, number);
    this.#accepting.push(isAccepting ? 1 : 0);
    this.#moves.push(new Uint8Array(256));
    return { number, isNew: true };
  }

  move(from: number, byte: number, to: number): void {
    this.#moves[from]![byte] = to;
  }

  accept(state: number): void {
    this.#accepting[state] = 1;
  }

  build(): Automaton | undefined {
    if (this.isFull) return undefined;
    const moves = new Uint8Array(256 * this.#moves.length);
    for (const [state, row] of this.#moves.entries()) moves.set(row, 256 * state);
    return { states: this.#moves.length, accepting: Uint8Array.from(this.#accepting), moves };
  }
}

/** Accepts just these texts; undefined when they are too long or too many for it. */
export function automatonOfTexts(texts: readonly string[]): Automaton | undefined {
  const builder = new Builder();
  const start = builder.state('', false).number;
  for (const text of texts) {
    let state = start;
    const bytes = new TextEncoder().encode(text);
    for (const [index, byte] of bytes.entries()) {
      const next = builder.state(bytes.subarray(0, index + 1).join(), false).number;
      builder.move(state, byte, next);
      state = next;
      if (builder.isFull) return undefined;
    }
    builder.accept(state);
  }
  return builder.build();
}

/** An instruction of a compiled pattern, as re2js has it after RE2 and Go's regexp/syntax. */
interface Instruction {
  readonly op: number;
  readonly out: number;
  readonly arg: number;
  /** One character, or pairs of first and last. */
  readonly runes: Int32Array;
}

const [ALT, ALT_MATCH, CAPTURE, EMPTY_WIDTH, FAIL, MATCH, NOP] = [1, 2, 3, 4, 5, 6, 7];
/** What an instruction that takes no character asks of its place: the text's begin and its end. */
const [BEGIN_TEXT, END_TEXT] = [4, 8];
const [RUNE, RUNE1, ANY, ANY_NOT_NEW_LINE] = [8, 9, 10, 11];
const FOLDS_CASE = 1;
const LAST_CHARACTER = 0x10ffff;

/**
 * Accepts no text that the pattern (RE2) does not match as a whole, and where it can tell apart the characters, each that it does:
 * a class that has some characters beyond ASCII and not others is taken to have none, and a letter of either case to be ASCII.
 * Undefined where lines or words begin and end, and where there are too many states.
 */
export function automatonOfPattern(pattern: string): Automaton | undefined {
  const { prog } = RE2JS.compile(pattern).re2() as unknown as {
    prog: { inst: readonly Instruction[]; start: number };
  };
  if (prog.inst.some((instruction) => !isPlain(instruction))) return undefined;
  const builder = new Builder();
  const waiting: { number: number; set: readonly number[] }[] = [];
  const stateOf = (outs: readonly number[], place = 0): number => {
    const set = reachable(prog.inst, outs, place);
    if (set.length === 0) return 0;
    const isAccepting = reachable(prog.inst, set, place | END_TEXT).some(
      (index) => prog.inst[index]!.op === MATCH,
    );
    const { number, isNew } = builder.state(`${place}: ${set.join()}`, isAccepting);
    if (isNew) waiting.push({ number, set });
    return number;
  };
  /** A state in which so many bytes of a character are still to come. */
  const within = (target: number, bytes: number): number => {
    if (bytes === 0 || target === 0) return target;
    const { number, isNew } = builder.state(`${bytes} to ${target}`, false);
    const next = within(target, bytes - 1);
    if (isNew) for (let byte = 0x80; byte < 0xc0; byte++) builder.move(number, byte, next);
    return number;
  };
  if (stateOf([prog.start], BEGIN_TEXT) === 0) return undefined;
  for (let at = 0; at < waiting.length; at++) {
    const { number, set } = waiting[at]!;
    const here = set.map((index) => prog.inst[index]!);
    const next = (has: (instruction: Instruction) => boolean) =>
      stateOf(here.filter(has).map(({ out }) => out));
    for (let byte = 0; byte < 0x80; byte++)
      builder.move(
        number,
        byte,
        next((each) => reaches(each, byte, byte)),
      );
    const isMixed = here.some((each) => reaches(each, 0x80, LAST_CHARACTER) && !hasAllBeyondAscii(each));
    const beyond = isMixed ? 0 : next(hasAllBeyondAscii);
    for (let byte = 0xc2; byte < 0xf5; byte++) {
      builder.move(number, byte, within(beyond, byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3));
    }
    if (builder.isFull) return undefined;
  }
  return builder.build();
}

function isPlain({ op, arg }: Instruction): boolean {
  if (op === EMPTY_WIDTH) return (arg & ~(BEGIN_TEXT | END_TEXT)) === 0;
  return [ALT, ALT_MATCH, CAPTURE, FAIL, MATCH, NOP, RUNE, RUNE1, ANY, ANY_NOT_NEW_LINE].includes(op);
}

/**
 * The instructions that wait for a character, or for the end of the text, or match, wherever these lead without a character at a
 * place that is the begin of the text, its end, both or neither.
 */
function reachable(program: readonly Instruction[], from: readonly number[], place: number): number[] {
  const seen = new Set<number>();
  const open = [...from];
  for (let index = open.pop(); index !== undefined; index = open.pop()) {
    if (seen.has(index)) continue;
    seen.add(index);
    const { op, out, arg } = program[index]!;
    if (op === ALT || op === ALT_MATCH) open.push(out, arg);
    else if (op === CAPTURE || op === NOP) open.push(out);
    else if (op === EMPTY_WIDTH && (arg & ~place) === 0) open.push(out);
  }
  return [...seen]
    .filter((index) => {
      const { op, arg } = program[index]!;
      return op === MATCH || op >= RUNE || (op === EMPTY_WIDTH && (arg & ~(place | END_TEXT)) === 0);
    })
    .sort((a, b) => a - b);
}

/** Whether an instruction takes any of these characters. */
function reaches({ op, arg, runes }: Instruction, first: number, last: number): boolean {
  if (op === ANY) return true;
  if (op === ANY_NOT_NEW_LINE) return !(first === 10 && last === 10);
  if (op !== RUNE && op !== RUNE1) return false;
  if (runes.length === 1) {
    const either = op === RUNE && (arg & FOLDS_CASE) !== 0 ? otherCase(runes[0]!) : runes[0]!;
    return [runes[0]!, either].some((rune) => rune >= first && rune <= last);
  }
  for (let at = 0; at < runes.length; at += 2) if (runes[at]! <= last && runes[at + 1]! >= first) return true;
  return false;
}

/** The same letter of ASCII in the other case; any other character as it is. */
function otherCase(rune: number): number {
  const lower = rune | 0x20;
  return lower >= 0x61 && lower <= 0x7a ? rune ^ 0x20 : rune;
}

function hasAllBeyondAscii({ op, runes }: Instruction): boolean {
  if (op === ANY || op === ANY_NOT_NEW_LINE) return true;
  return op === RUNE && runes.length > 1 && runes.at(-2)! <= 0x80 && runes.at(-1)! >= LAST_CHARACTER;
}
