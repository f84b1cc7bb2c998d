/**
 * p-values adjusted so that refusing those up to alpha makes at most a share alpha of false refusals on average
 * (Benjamini and Hochberg 1995; scipy `false_discovery_control`). In the order given.
 */
export function benjaminiHochberg(pValues: readonly number[]): number[] {
  const count = pValues.length;
  const order = [...pValues.keys()].sort((a, b) => pValues[b]! - pValues[a]!);
  const adjusted = new Array<number>(count);
  let least = 1;
  for (const [index, position] of order.entries()) {
    least = Math.min(least, (pValues[position]! * count) / (count - index));
    adjusted[position] = least;
  }
  return adjusted;
}
