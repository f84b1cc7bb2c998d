import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import {
  benjaminiHochberg,
  compare,
  delong,
  type EvaluateRequest,
  evaluate,
  mcnemar,
  randomSource,
} from '@rastro/metrics';
import { realPython } from '@rastro/testkit';
import { beforeAll, describe, expect, test } from 'vitest';

/** As JSON has it: lists in place of typed arrays. */
interface Case {
  request: Omit<EvaluateRequest, 'truth' | 'predictions' | 'scores'> & {
    truth: string[] | number[];
    predictions?: number[];
    scores?: number[];
  };
  expected: Record<string, number | null>;
}

interface Generated {
  metrics: Case[];
  tests: {
    delong: Record<'truth' | 'first' | 'second' | 'auc', number[]>[] &
      Record<'standardError' | 'p', number>[];
    mcnemar: { first: number[]; second: number[]; exactP: number; chi2P: number }[];
    false_discovery: { p: number[]; adjusted: number[] }[];
    intervals: {
      truth: number[];
      predictions: number[];
      found: Record<'percentile' | 'bca', Record<string, [number, number]>>;
    };
  };
  fairness: {
    truth: string[];
    predictions: string[];
    groups: string[];
    demographic_parity: number;
    equalized_odds: number;
  }[];
  paired_intervals: Record<'truth' | 'baseline' | 'candidate', number[]> & {
    found: Record<string, [number, number]>;
  };
}

const python = realPython();
const seed = 20_260_101;

function expectClose(found: number | null | undefined, expected: number | null, what: string): void {
  if (typeof found !== 'number' || expected === null) {
    expect(found, what).toBe(expected);
    return;
  }
  const gap = Math.abs(found - expected);
  const allowed = 1e-9 * Math.max(Math.abs(expected), 1e-4);
  expect(gap, `${what}: ${found} for ${expected}`).toBeLessThanOrEqual(allowed);
}

function measured({ request, expected }: Case) {
  const { truth, predictions, scores, ...rest } = request;
  return evaluate({
    ...rest,
    truth: request.task === 'regression' ? Float64Array.from(truth as number[]) : (truth as string[]),
    ...(predictions ? { predictions: Float64Array.from(predictions) } : {}),
    ...(scores ? { scores: Float64Array.from(scores) } : {}),
    metrics: Object.keys(expected),
    resamples: 0,
  });
}

describe.runIf(python)('cases drawn at random, judged by scikit-learn, scipy and Fairlearn', () => {
  let generated: Generated;
  beforeAll(() => {
    const script = join(import.meta.dirname, 'generated-metrics.py');
    const text = execFileSync(python!, [script, String(seed)], { encoding: 'utf8', maxBuffer: 64e6 });
    generated = JSON.parse(text);
  });

  test.each(['binary', 'multiclass', 'regression'] as const)('every metric of %s', (task) => {
    const cases = generated.metrics.filter(({ request }) => request.task === task);
    expect(cases.length).toBeGreaterThanOrEqual(50);
    for (const [index, each] of cases.entries()) {
      const { metrics } = measured(each);
      for (const [name, value] of Object.entries(each.expected)) {
        expectClose(metrics[name]?.value, value, `case ${index}, ${each.request.truth.length} rows, ${name}`);
      }
    }
  });

  test('a value that is undefined says why', () => {
    for (const each of generated.metrics) {
      const { metrics } = measured(each);
      for (const [name, value] of Object.entries(each.expected))
        if (value === null) expect(metrics[name]!.note, name).toMatch(/\w+/);
    }
  });

  test('gaps between groups', () => {
    for (const { truth, predictions, groups, ...expected } of generated.fairness) {
      const { fairness } = evaluate({
        task: 'binary',
        truth,
        predictions,
        metrics: ['accuracy'],
        slices: [{ column: 'group', values: groups }],
        minSliceRows: 1,
        resamples: 0,
      });
      expectClose(fairness![0]!.demographic_parity, expected.demographic_parity, 'demographic parity');
      expectClose(fairness![0]!.equalized_odds, expected.equalized_odds, 'equalized odds');
    }
    const gaps = generated.fairness.map(({ equalized_odds }) => equalized_odds);
    expect(Math.max(...gaps) - Math.min(...gaps)).toBeGreaterThan(0.3);
  });

  test('DeLong', () => {
    for (const { truth, first, second, auc, standardError, p } of generated.tests.delong) {
      const found = delong(truth, Float64Array.from(first), Float64Array.from(second));
      expectClose(found.first, auc[0]!, 'first AUC');
      expectClose(found.second, auc[1]!, 'second AUC');
      expectClose(found.standardError, standardError, 'standard error');
      expectClose(found.p, p, 'p');
    }
  });

  test('McNemar', () => {
    for (const { first, second, exactP, chi2P } of generated.tests.mcnemar) {
      const found = mcnemar(Uint8Array.from(first), Uint8Array.from(second));
      expectClose(found.exactP, exactP, 'exact p');
      expectClose(found.chi2P, chi2P, 'chi-square p');
    }
  });

  test('Benjamini-Hochberg', () => {
    for (const { p, adjusted } of generated.tests.false_discovery)
      for (const [index, found] of benjaminiHochberg(p).entries())
        expectClose(found, adjusted[index]!, `p ${index}`);
  });

  test.each(['percentile', 'bca'] as const)('%s intervals, up to the noise of resampling', (interval) => {
    const { truth, predictions, found } = generated.tests.intervals;
    const { metrics } = evaluate({
      task: 'regression',
      truth: Float64Array.from(truth),
      predictions: Float64Array.from(predictions),
      metrics: Object.keys(found[interval]),
      resamples: 20_000,
      interval,
      seed: randomSource(seed).next(),
    });
    for (const [name, [low, high]] of Object.entries(found[interval])) {
      const noise = 0.04 * (high - low);
      expect(Math.abs(metrics[name]!.low! - low), `${name}: low`).toBeLessThan(noise);
      expect(Math.abs(metrics[name]!.high! - high), `${name}: high`).toBeLessThan(noise);
    }
  });

  test('intervals of differences over thousands of rows, up to the noise of resampling', () => {
    const { found, ...rows } = generated.paired_intervals;
    const question = { task: 'regression', truth: Float64Array.from(rows.truth) } as const;
    const answers = (side: 'baseline' | 'candidate') => ({ predictions: Float64Array.from(rows[side]) });
    const metrics = Object.keys(found);
    const recordOf = (side: 'baseline' | 'candidate') => ({
      schema: 'rastro/evaluation/v1' as const,
      model: { name: 'm', sha256: '0'.repeat(64), size: 1 },
      data: { name: 'd', files: [], rows: rows.truth.length },
      evaluator: { name: 'rastro', version: '0', versions: {} },
      params: {},
      evaluation: evaluate({ ...question, ...answers(side), resamples: 0, metrics }),
    });
    const compared = compare({
      baseline: recordOf('baseline'),
      candidate: recordOf('candidate'),
      specs: metrics.map((metric) => ({ metric })),
      paired: {
        ...question,
        baseline: answers('baseline'),
        candidate: answers('candidate'),
        resamples: 20_000,
        seed: randomSource(seed).next(),
      },
    });
    for (const { metric, low, high } of compared.metrics) {
      const noise = 0.04 * (found[metric]![1] - found[metric]![0]);
      expect(Math.abs(low! - found[metric]![0]), `${metric}: low`).toBeLessThan(noise);
      expect(Math.abs(high! - found[metric]![1]), `${metric}: high`).toBeLessThan(noise);
    }
    expect(compared.metrics.map(({ metric }) => metric)).toEqual(metrics);
  });
});
