import { execFileSync } from 'node:child_process';
import { readProject, type SweepConfig } from '@rastro/lineage';
import { realPython } from '@rastro/testkit';
import { describe, expect, test } from 'vitest';
import {
  adjustForChoice,
  planTrials,
  rankTrials,
  SOBOL_DIMENSIONS,
  sobolPoints,
  spaceInWords,
  spaceSize,
  type TrialResult,
} from '../src/index.ts';

/** The section as `rastro.yaml` has it, read as that is read. */
function sweep(section: string): SweepConfig {
  return readProject(`version: 1
models:
  m:
    task: binary
    target: y
    sweep: ${section}
`).value.models.m!.sweep!;
}

const valuesOf = (section: string, current = {}) =>
  planTrials(sweep(section), current)
    .slice(1)
    .map(({ values }) => values);

describe('a grid', () => {
  test('has every combination, the last parameter changing first', () => {
    expect(valuesOf('{ method: grid, parameters: { a: [1, 2], b: [x, y], c: [true] } }')).toEqual([
      { a: 1, b: 'x', c: true },
      { a: 1, b: 'y', c: true },
      { a: 2, b: 'x', c: true },
      { a: 2, b: 'y', c: true },
    ]);
  });

  test('takes whole numbers and steps, as people write them', () => {
    const values = valuesOf(
      '{ method: grid, parameters: { d: { min: 1, max: 3 }, l: { min: 0.1, max: 0.5, step: 0.1 } } }',
    );
    expect(values).toHaveLength(15);
    expect([...new Set(values.map(({ d }) => d))]).toEqual([1, 2, 3]);
    expect([...new Set(values.map(({ l }) => l))]).toEqual([0.1, 0.2, 0.3, 0.4, 0.5]);
  });

  test('leaves out the combination that is there already, which is trial 0', () => {
    const plan = planTrials(sweep('{ method: grid, parameters: { a: [1, 2, 3] } }'), { a: 2, other: 'kept' });
    expect(plan).toEqual([
      { trial: 0, values: { a: 2 }, params: { a: 2, other: 'kept' } },
      { trial: 1, values: { a: 1 }, params: { a: 1, other: 'kept' } },
      { trial: 2, values: { a: 3 }, params: { a: 3, other: 'kept' } },
    ]);
  });

  test('that is too large to write down has its size all the same', () => {
    const { parameters } = sweep(
      '{ method: grid, parameters: { a: { min: 1, max: 1000000 }, b: { min: 1, max: 1000000 } } }',
    );
    expect(spaceSize(parameters)).toBe(1e12);
  });
});

describe.each(['random', 'sobol'])('%s', (method) => {
  const section = (seed: number, trials = 40) =>
    `{ method: ${method}, seed: ${seed}, trials: ${trials}, parameters: { rate: { min: 0.001, max: 1, log: true }, depth: { min: 2, max: 9 }, share: { min: 0, max: 1, type: number }, kind: [a, b, c], step: { min: 0, max: 1, step: 0.25 }, leaves: { min: 4, max: 4096, log: true } } }`;

  test('gives the same trials for the same seed, and others for another', () => {
    expect(valuesOf(section(7))).toEqual(valuesOf(section(7)));
    expect(valuesOf(section(7))).not.toEqual(valuesOf(section(8)));
  });

  test('begins with what a shorter sweep has', () => {
    expect(valuesOf(section(7, 40)).slice(0, 10)).toEqual(valuesOf(section(7, 10)));
  });

  test('stays within the ranges, and reaches all of them', () => {
    const values = valuesOf(section(3, 400));
    expect(values).toHaveLength(400);
    const column = (name: string) => values.map((one) => one[name] as number);
    for (const rate of column('rate')) expect(rate >= 0.001 && rate <= 1).toBe(true);
    // Evenly over orders of magnitude: a third below 0.01, a third above 0.1.
    expect(column('rate').filter((rate) => rate < 0.01).length / 400).toBeCloseTo(1 / 3, 1);
    expect([...new Set(column('depth'))].sort()).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
    expect(column('share').filter((share) => !Number.isInteger(share)).length).toBeGreaterThan(390);
    expect([...new Set(column('kind'))].sort()).toEqual(['a', 'b', 'c']);
    expect([...new Set(column('step'))].sort()).toEqual([0, 0.25, 0.5, 0.75, 1]);
    for (const leaves of column('leaves'))
      expect(Number.isInteger(leaves) && leaves >= 4 && leaves <= 4096).toBe(true);
    expect(column('leaves').filter((leaves) => leaves < 128).length / 400).toBeCloseTo(0.5, 1);
  });

  test('tries no combination twice, and a small space whole', () => {
    const values = valuesOf(
      `{ method: ${method}, trials: 9, parameters: { a: [1, 2, 3, 4], b: [1, 2, 3] } }`,
    );
    expect(new Set(values.map((one) => JSON.stringify(one))).size).toBe(9);
    expect(
      valuesOf(`{ method: ${method}, trials: 50, parameters: { a: [1, 2], b: [1, 2, 3] } }`),
    ).toHaveLength(6);
  });

  test('tries 16 unless something else is said', () => {
    expect(valuesOf(`{ method: ${method}, parameters: { rate: { min: 0.1, max: 0.9 } } }`)).toHaveLength(16);
  });
});

describe('the Sobol sequence', () => {
  test('is that of the published direction numbers', () => {
    // scipy 1.17.1: qmc.Sobol(5, scramble=False).random(6)
    expect([...take(sobolPoints(5), 6)]).toEqual([
      [0, 0, 0, 0, 0],
      [0.5, 0.5, 0.5, 0.5, 0.5],
      [0.75, 0.25, 0.25, 0.25, 0.75],
      [0.25, 0.75, 0.75, 0.75, 0.25],
      [0.375, 0.375, 0.625, 0.875, 0.375],
      [0.875, 0.875, 0.125, 0.375, 0.875],
    ]);
  });

  test.runIf(realPython())('is that of scipy in every dimension', () => {
    const script =
      'import json; from scipy.stats import qmc; ' +
      `print(json.dumps(qmc.Sobol(${SOBOL_DIMENSIONS}, scramble=False).random(1024).tolist()))`;
    const expected = JSON.parse(
      execFileSync(realPython()!, ['-c', script], { encoding: 'utf8', maxBuffer: 1 << 26 }),
    );
    expect([...take(sobolPoints(SOBOL_DIMENSIONS), 1024)]).toEqual(expected);
  });

  test('fills the ranges as its points lie', () => {
    const values = valuesOf(
      '{ method: sobol, trials: 4, parameters: { a: { min: 10, max: 20, type: number }, b: { min: 0.01, max: 100, log: true } } }',
    );
    expect(values).toEqual([
      { a: 10, b: 0.01 },
      { a: 15, b: 1 },
      { a: 17.5, b: 0.1 },
      { a: 12.5, b: 10 },
    ]);
  });

  test('is shifted by a seed, and then as even', () => {
    const section =
      '{ method: sobol, seed: 5, trials: 64, parameters: { a: { min: 0, max: 1, type: number } } }';
    const counts = new Array(64).fill(0);
    for (const { a } of valuesOf(section)) counts[Math.floor((a as number) * 64)]++;
    expect(counts).toEqual(new Array(64).fill(1));
  });
});

describe('the configuration', () => {
  const faults = (section: string) => {
    try {
      sweep(section);
      return [];
    } catch (error) {
      return (error as { faults: { message: string }[] }).faults.map(({ message }) => message);
    }
  };

  test.each([
    [
      '{ method: tpe, parameters: { a: [1] } }',
      /"tpe" chooses each trial by the results of those before it.*"sobol"/,
    ],
    ['{ method: bayes, parameters: { a: [1] } }', /"bayes" chooses each trial/],
    ['{ method: gird, parameters: { a: [1] } }', /expected one of "grid"\|"random"\|"sobol"/],
    ['{ method: grid, parameters: {} }', /at least one parameter/],
    ['{ method: grid, parameters: { a: { min: 0.1, max: 0.9 } } }', /a grid needs a list of values/],
    ['{ method: random, parameters: { a: { min: 2, max: 1 } } }', /"max" must be above "min", which is 2/],
    ['{ method: random, parameters: { a: { min: 0, max: 1, log: true } } }', /begins above 0/],
    ['{ method: random, parameters: { a: { min: 1, max: 9, log: true, step: 2 } } }', /"log" or "step"/],
    ['{ method: random, parameters: { a: { min: 1, max: 2, step: 5 } } }', /wider than the range/],
    ['{ method: random, parameters: { a: { min: 0.5, max: 2, type: integer } } }', /whole/],
    ['{ method: random, parameters: { a: { min: 1 } } }', /"min" and "max"/],
    ['{ method: random, parameters: { a: { values: [1], max: 3 } } }', /not both/],
    ['{ method: random, parameters: { a: [1, 1] } }', /twice/],
    ['{ method: random, parameters: { a: { min: 1, mx: 3 } } }', /unknown key "mx"/],
    ['{ method: random, trials: 0, parameters: { a: [1] } }', /trials/],
  ])('%s is refused', (section, message) => {
    expect(faults(section).join('\n')).toMatch(message);
  });

  test('is told in words', () => {
    const { parameters } = sweep(
      '{ method: random, parameters: { a: { min: 2, max: 9 }, b: { min: 0.1, max: 1, log: true }, c: [x, y], d: { min: 1, max: 64, log: true } } }',
    );
    expect(spaceInWords(parameters).map(({ words }) => words)).toEqual([
      '2 to 9, by 1',
      '0.1 to 1, logarithmic',
      'x, y',
      'whole numbers 1 to 64, logarithmic',
    ]);
  });
});

describe('the ranking', () => {
  const result = (trial: number, value: number | null, faults: string[] = []): TrialResult => ({
    ...{ trial, values: {}, params: {}, value, low: null, high: null, faults },
  });
  const order = (results: TrialResult[], worth = (value: number) => value) =>
    rankTrials(results, worth).map(({ trial }) => trial);

  test('begins with the best that keeps what is asked', () => {
    expect(
      order([result(0, 0.7), result(1, 0.9, ['latency']), result(2, 0.8), result(3, null, ['failed'])]),
    ).toEqual([2, 0, 1, 3]);
    expect(order([result(0, 0.7), result(1, 0.6)], (value) => -value)).toEqual([1, 0]);
  });

  test('leaves what is there in front of its equals', () => {
    expect(order([result(2, 0.8), result(1, 0.8), result(0, 0.8)])).toEqual([0, 1, 2]);
  });

  test('asks more of the best of many', () => {
    expect(adjustForChoice(0.01, 16)).toBeCloseTo(0.16);
    expect(adjustForChoice(0.2, 16)).toBe(1);
    expect(adjustForChoice(0.01, 1)).toBe(0.01);
  });
});

function* take<T>(all: Generator<T>, count: number): Generator<T> {
  for (let index = 0; index < count; index++) yield all.next().value as T;
}
