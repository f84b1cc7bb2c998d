/** Trials of a search for better parameters: which to run, and how they rank. */
export { planTrials, spaceInWords, spaceSize, type Trial, USUAL_TRIALS, type Values } from './plan-trials.ts';
export { adjustForChoice, rankTrials, type TrialResult } from './rank.ts';
export { SOBOL_DIMENSIONS, sobolPoints } from './sobol.ts';
