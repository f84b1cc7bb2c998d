const FIRST_ROOM = 2 ** 16;
/** Room that nothing was put in takes no memory of the machine yet; but more than the machine has is not given at all. */
const GROWTH = 8;
const LARGE_ROOM = 2 ** 24;
const GROWTH_OF_LARGE = 2;

/** Numbers that come in parts, in any order, and how many nobody knows before. */
export class AnswerColumn {
  #room: Float64Array = new Float64Array(0);
  #length = 0;

  /** Whether all of the part are finite. */
  put(start: number, values: Float32Array | Float64Array): boolean {
    const end = start + values.length;
    if (end > this.#room.length) this.#grow(end);
    this.#length = Math.max(this.#length, end);
    const room = this.#room;
    // Not a number as soon as one of them is none or is infinite.
    let zero = 0;
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      room[start + i] = value;
      zero += value * 0;
    }
    return zero === 0;
  }

  /** All of them; none may be missing in between. */
  get values(): Float64Array {
    return this.#room.subarray(0, this.#length);
  }

  #grow(length: number): void {
    const growth = this.#room.length < LARGE_ROOM ? GROWTH : GROWTH_OF_LARGE;
    const room = Math.max(length, growth * this.#room.length, FIRST_ROOM);
    // Shared with nobody: but the garbage collector does not count it, and would walk all of the heap for each few megabytes of
    // anything else.
    const wider = new Float64Array(new SharedArrayBuffer(8 * room));
    wider.set(this.values);
    this.#room = wider;
  }
}
