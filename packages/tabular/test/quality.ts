/** The area under the ROC curve, from average ranks (Mann and Whitney). */
export function areaUnderCurve(truth: ArrayLike<number>, scores: ArrayLike<number>): number {
  const order = Array.from(scores, (_, row) => row).sort((a, b) => scores[a]! - scores[b]!);
  let ranks = 0;
  let positives = 0;
  for (let start = 0, end = 0; start < order.length; start = end) {
    while (end < order.length && scores[order[end]!] === scores[order[start]!]) end++;
    const tied = order.slice(start, end).filter((row) => truth[row] === 1).length;
    ranks += tied * ((start + 1 + end) / 2);
    positives += tied;
  }
  return (ranks - (positives * (positives + 1)) / 2) / (positives * (order.length - positives));
}

export function rootMeanSquaredError(truth: ArrayLike<number>, predictions: ArrayLike<number>): number {
  let sum = 0;
  for (let row = 0; row < truth.length; row++) sum += (truth[row]! - predictions[row]!) ** 2;
  return Math.sqrt(sum / truth.length);
}

export function shareEqual(a: ArrayLike<unknown>, b: ArrayLike<unknown>): number {
  return Array.from(a).filter((value, index) => value === b[index]).length / a.length;
}
