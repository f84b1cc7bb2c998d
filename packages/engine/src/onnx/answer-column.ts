const FIRST_ROOM = 2 ** 16;

/** Numbers that come in parts, in any order, and how many nobody knows before. */
export class AnswerColumn {
  #room: Float64Array = new Float64Array(0);
  #length = 0;

  put(start: number, values: Float32Array | Float64Array): void {
    const end = start + values.length;
    if (end > this.#room.length) this.#grow(end);
    this.#room.set(values, start);
    this.#length = Math.max(this.#length, end);
  }

  /** All of them; none may be missing in between. */
  get values(): Float64Array {
    return this.#room.subarray(0, this.#length);
  }

  #grow(length: number): void {
    const room = Math.max(length, 2 * this.#room.length, FIRST_ROOM);
    // Shared with nobody: but the garbage collector does not count it, and would walk all of the heap for each few megabytes of
    // anything else.
    const wider = new Float64Array(new SharedArrayBuffer(8 * room));
    wider.set(this.values);
    this.#room = wider;
  }
}
