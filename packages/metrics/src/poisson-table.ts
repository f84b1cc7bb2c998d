/** More is as good as impossible: 6e-11. */
const GREATEST = 12;
/** A row draws twelve bits: four choose a column, eight decide between its two outcomes. */
const COLUMNS = 16;
const UNITS = 256;
/** The outcome of twelve bits that leave the count open. */
export const UNDECIDED = 0x80;

/** Of the 256 numbers of eight bits, read with their sign, those below `cut` give one outcome, the rest the other. */
export interface TableColumn {
  readonly cut: number;
  readonly below: number;
  readonly other: number;
}

/**
 * A Poisson count of mean 1 from random bits, by columns of two outcomes each (Walker, "An efficient method for generating
 * discrete random variables with general distributions", 1977). Twelve bits have 4096 values, of which each count is given as
 * many as its chance holds whole; what is left over, 4 of 4096, is undecided, and 32 more bits decide it. So every chance is that of
 * Poisson up to 1e-10.
 */
export interface PoissonTable {
  readonly columns: readonly TableColumn[];
  /** An undecided row has the first count whose limit is above 32 random bits; the last is 2^32. */
  readonly limits: readonly number[];
}

export function poissonTable(): PoissonTable {
  const chances = [1 / Math.E];
  for (let count = 1; count <= GREATEST; count++) chances.push(chances[count - 1]! / count);
  const decided = chances.map((chance) => Math.floor(chance * COLUMNS * UNITS));
  const leftOver = COLUMNS * UNITS - decided.reduce((sum, units) => sum + units, 0);
  let open = 0;
  const limits = chances.map((chance, count) => {
    open += chance * COLUMNS * UNITS - decided[count]!;
    return Math.round((open / leftOver) * 2 ** 32);
  });
  limits[GREATEST] = 2 ** 32;
  const parts = decided.map((units, outcome) => ({ outcome, units }));
  return { columns: columnsOf([...parts, { outcome: UNDECIDED, units: leftOver }]), limits };
}

/** Each column takes the smallest part, and of the greatest what is missing. */
function columnsOf(parts: readonly { readonly outcome: number; units: number }[]): TableColumn[] {
  return Array.from({ length: COLUMNS }, () => {
    const bySize = parts.filter(({ units }) => units > 0).sort((a, b) => a.units - b.units);
    const [smallest, greatest] = [bySize[0]!, bySize.at(-1)!];
    const below = Math.min(UNITS, smallest.units);
    smallest.units -= below;
    if (below === UNITS) return { cut: 0, below: smallest.outcome, other: smallest.outcome };
    greatest.units -= UNITS - below;
    return { cut: below - UNITS / 2, below: smallest.outcome, other: greatest.outcome };
  });
}
