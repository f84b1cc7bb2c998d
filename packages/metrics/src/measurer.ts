import { knownMetric } from './catalogue.ts';
import { classMeasurer } from './class-measurer.ts';
import type { Measurer } from './reading.ts';
import type { Sample } from './sample.ts';
import { valueMeasurer } from './value-measurer.ts';

/** Metrics that cannot be had from this sample must have been left out: see `whyNotMeasurable`. */
export function measurer(sample: Sample, names: readonly string[]): Measurer {
  return sample.task === 'regression' ? valueMeasurer(sample, names) : classMeasurer(sample, names);
}

/** Why a metric cannot be had from a sample whatever its rows, or undefined when it can. */
export function whyNotMeasurable(sample: Sample, name: string): string | undefined {
  const known = knownMetric(name);
  if (!known?.tasks.includes(sample.task)) return 'it is not computed from rows';
  const { needs } = known;
  if (needs === 'series') {
    return sample.naiveError === undefined
      ? 'there is no series before the forecast to compare with'
      : undefined;
  }
  if (needs === 'groups' && !sample.groups) return 'no column says which query a row belongs to';
  if (sample.task === 'regression' || needs === 'answers') return undefined;
  if (!sample.scored && !sample.scores) return 'the model gives labels only, no scores';
  return needs === 'probabilities' ? sample.notProbabilities : undefined;
}
