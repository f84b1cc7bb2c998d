/** Measures, intervals, comparison, verdict. */
export {};
