import { fault, InputError } from '@rastro/fault';

/**
 * Mean absolute scaled error: the mean |error| over the forecast rows, divided by `naiveError` of the training series;
 * below 1 beats the seasonal naive forecast (Hyndman and Koehler 2006). NaN when the training series repeats itself exactly.
 * @throws InputError when the training series is not longer than the season.
 */
export function mase(forecast: {
  readonly truth: Float64Array;
  readonly predicted: Float64Array;
  readonly training: Float64Array;
  readonly season: number;
}): number {
  const { truth, predicted, training, season } = forecast;
  const naive = naiveError(training, season);
  return naive === 0 ? Number.NaN : meanAbsolute(truth, predicted) / naive;
}

/**
 * The mean |error| of the seasonal naive forecast (the value `season` rows before) within a series in order of time.
 * @throws InputError when the series is not longer than the season.
 */
export function naiveError(training: Float64Array, season: number): number {
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
  return meanAbsolute(training.subarray(season), training.subarray(0, training.length - season));
}

function meanAbsolute(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, row) => sum + Math.abs(value - b[row]!), 0) / a.length;
}
