import type { Finding, Report } from '../src/index.ts';

/** A report of a comparison, with every kind of block. */
export function churnReport(): Report {
  return {
    schema: 'rastro/report/v1',
    verb: 'compare',
    subject: 'churn',
    verdict: {
      status: 'fail',
      sentence: 'Accuracy fell from 0.912 to 0.891, more than the 0.005 that is allowed.',
    },
    sections: [
      {
        id: 'metrics',
        title: 'Metrics',
        importance: 100,
        blocks: [
          {
            kind: 'paragraph',
            text: ['Judged on ', { strong: '7,043' }, ' rows of ', { code: 'data/test.csv' }, '.'],
          },
          {
            kind: 'table',
            columns: [
              { title: 'Metric' },
              { title: 'Baseline', align: 'right' },
              { title: 'Candidate', align: 'right' },
              { title: 'Change', align: 'right' },
              { title: 'Verdict' },
            ],
            rows: [
              [
                [{ code: 'accuracy' }],
                '0.912',
                '0.891',
                '-0.021 (-0.027 to -0.015)',
                [{ strong: 'regressed' }],
              ],
              [[{ code: 'macro_f1' }], '0.884', '0.886', '+0.002 (-0.004 to +0.008)', 'inconclusive'],
            ],
            more: 3,
          },
          {
            kind: 'chart',
            chart: {
              type: 'line',
              title: 'Accuracy over the last releases',
              x: { title: 'Release', categories: ['v1.0', 'v1.1', 'v1.2', 'candidate'] },
              y: { title: 'Accuracy', min: 0.85, max: 0.95 },
              series: [
                {
                  name: 'accuracy',
                  points: [
                    [0, 0.88],
                    [1, 0.9],
                    [2, 0.912],
                    [3, 0.891],
                  ],
                },
              ],
            },
          },
        ],
      },
      {
        id: 'slices',
        title: 'Slices that moved',
        importance: 80,
        blocks: [
          { kind: 'list', items: ['contract = monthly: accuracy fell by 0.04', 'senior = 1: no change'] },
          {
            kind: 'chart',
            chart: {
              type: 'line',
              title: 'ROC',
              x: { title: 'False positive rate' },
              y: { title: 'True positive rate', min: 0, max: 1 },
              series: [
                {
                  name: 'baseline',
                  points: [
                    [0, 0],
                    [0.1, 0.62],
                    [0.3, 0.85],
                    [1, 1],
                  ],
                },
                {
                  name: 'candidate',
                  points: [
                    [0, 0],
                    [0.12, 0.55],
                    [0.35, 0.8],
                    [1, 1],
                  ],
                },
              ],
            },
          },
        ],
      },
      {
        id: 'lineage',
        title: 'Lineage',
        importance: 40,
        blocks: [
          {
            kind: 'facts',
            items: [
              { label: 'Commit', value: [{ link: 'a1b2c3d', url: 'https://example.org/commit/a1b2c3d' }] },
              { label: 'Model', value: [{ code: 'sha256:0f343b0931126a20f133d67c2b018a3b' }] },
            ],
          },
          {
            kind: 'details',
            summary: 'How to reproduce this',
            blocks: [{ kind: 'code', language: 'console', text: '$ rastro compare churn --baseline v1.2\n' }],
          },
        ],
      },
    ],
    findings: [
      {
        severity: 'warning',
        title: 'Slow',
        message: 'p95 latency is 12 ms, 10 ms is asked',
        file: 'rastro.yaml',
        line: 14,
      },
      {
        severity: 'error',
        title: 'Accuracy',
        message: 'below the tolerance',
        file: 'rastro.yaml',
        line: 9,
        column: 7,
      },
    ],
  };
}

/** A passing report that says only that. */
export function passing(subject: string): Report {
  return {
    schema: 'rastro/report/v1',
    verb: 'validate',
    subject,
    verdict: { status: 'pass', sentence: 'The data keep their contract.' },
    sections: [],
    findings: [],
  };
}

export function findings(count: number, severity: Finding['severity'] = 'error'): Finding[] {
  return Array.from({ length: count }, (_, index) => ({
    severity,
    title: `Fault ${index + 1}`,
    message: `value ${index} is out of range`,
    file: 'data/train.csv',
    line: index + 2,
  }));
}
