import { fault, InputError } from '@rastro/fault';

/**
 * Mean absolute scaled error: the mean |error| over the forecast rows, divided by that of the seasonal naive forecast
 * (the value `season` rows before) within the training series; below 1 beats it (Hyndman and Koehler 2006). All rows in
 * order of time. NaN when the training series repeats itself exactly, so that the naive forecast has no error.
 * @throws InputError when the training series is not longer than the season.
 */
export function mase(forecast: {
  readonly truth: Float64Array;
  readonly predicted: Float64Array;
  readonly training: Float64Array;
  readonly season: number;
}): number {
  const { truth, predicted, training, season } = forecast;
  if (training.length <= season) {
    throw new InputError(
      fault(
        'series-too-short',
        `the training series has ${training.length} rows, no more than one season of ${season}`,
        undefined,
        'Give a longer training series or a shorter season.',
      ),
    );
  }
  const naive = meanAbsolute(training.subarray(season), training.subarray(0, training.length - season));
  return naive === 0 ? Number.NaN : meanAbsolute(truth, predicted) / naive;
}

function meanAbsolute(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, row) => sum + Math.abs(value - b[row]!), 0) / a.length;
}
