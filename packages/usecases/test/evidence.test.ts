import { readRecord } from '@rastro/metrics';
import { expect, test } from 'vitest';
import { statedOf } from '../src/evidence.ts';

const metric = (value: number | null, more: object = {}) => ({
  value,
  low: null,
  high: null,
  goal: 'max',
  ...more,
});

/** As a released commit may hold it: entries that were made of it are compared with what is read of it today. */
const RECORD = JSON.stringify({
  schema: 'rastro/evaluation/v1',
  model: { name: 'churn', sha256: 'a'.repeat(64), size: 5 },
  data: { name: 'rows', files: [{ path: 'data/rows.csv', sha256: 'b'.repeat(64) }], rows: 120 },
  evaluator: { name: 'rastro', version: '0.1.0', versions: {} },
  params: {},
  evaluation: {
    task: 'binary',
    rows: 120,
    seed: 0,
    resamples: 0,
    confidence: 0.95,
    interval: 'percentile',
    classes: ['0', '1'],
    positive: '1',
    metrics: {
      roc_auc: metric(0.9123456789012345, { low: 0.88, high: 0.94 }),
      log_loss: metric(0.3, { goal: 'min' }),
      precision: metric(0, { defined: false }),
      f1: metric(null),
    },
    slices: [
      { column: 'region', value: 'north', rows: 60, judged: true, metrics: { roc_auc: metric(0.91) } },
      { column: 'region', value: 'south', rows: 58, judged: true, metrics: { roc_auc: metric(null) } },
      { column: 'region', value: 'east', rows: 2, judged: false, metrics: {} },
      { column: '__proto__', value: 'polluted', rows: 120, judged: true, metrics: { roc_auc: metric(0.9) } },
      { column: 'plan', value: '', rows: 120, judged: true, metrics: { roc_auc: metric(0.9) } },
    ],
  },
});

test('an entry states of an evaluation record its metrics, their goals, and the slices that were judged', () => {
  expect(statedOf(readRecord(RECORD, 'metrics/churn.json'))).toEqual({
    metrics: { roc_auc: 0.9123456789012345, log_loss: 0.3, precision: null, f1: null },
    goals: { roc_auc: 'max', log_loss: 'min', precision: 'max', f1: 'max' },
    slices: {
      region: { north: { roc_auc: 0.91 }, south: { roc_auc: null } },
      plan: { '': { roc_auc: 0.9 } },
    },
  });
});

test('no name of a column reaches what all objects share', () => {
  statedOf(readRecord(RECORD, 'metrics/churn.json'));
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});
