/** A lower triangular matrix, row-major, size * size; what stands above its diagonal is never read. */
export interface Triangle {
  readonly size: number;
  readonly cells: Float64Array;
}

/**
 * Factors a symmetric matrix A into L times its transpose, in place; only the lower half of A is read. What is so nearly
 * singular that rounding hides it is lifted by a hair, which is enough for a preconditioner.
 */
export function factor(cells: Float64Array, size: number): Triangle {
  for (let row = 0; row < size; row++) {
    for (let column = 0; column <= row; column++) {
      let sum = cells[row * size + column]!;
      for (let index = 0; index < column; index++) {
        sum -= cells[row * size + index]! * cells[column * size + index]!;
      }
      if (column < row) cells[row * size + column] = sum / cells[column * size + column]!;
      else cells[row * size + row] = Math.sqrt(Math.max(sum, 1e-10));
    }
  }
  return { size, cells };
}

/** Solves L x = b in place. */
export function solveLower({ size, cells }: Triangle, vector: Float64Array): void {
  for (let row = 0; row < size; row++) {
    let sum = vector[row]!;
    for (let index = 0; index < row; index++) sum -= cells[row * size + index]! * vector[index]!;
    vector[row] = sum / cells[row * size + row]!;
  }
}

/** Solves L' x = b in place, where L' is the transpose. */
export function solveUpper({ size, cells }: Triangle, vector: Float64Array): void {
  for (let row = size - 1; row >= 0; row--) {
    const value = vector[row]! / cells[row * size + row]!;
    vector[row] = value;
    for (let index = 0; index < row; index++) vector[index]! -= cells[row * size + index]! * value;
  }
}
