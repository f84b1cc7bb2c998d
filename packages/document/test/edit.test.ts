import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { editDocument } from '../src/index.ts';

const edit = (text: string, values: Record<string, string | number | boolean>) =>
  editDocument(
    text,
    'rastro.yaml',
    Object.entries(values).map(([path, value]) => ({ path: path.split('.'), value })),
  );

test('a value is set where it stands, and nothing else changes', () => {
  const text = `# The project
models:
    churn:   # indented by four
        params: { rate: 0.1,  depth: 3 } # the usual
        note: "quoted"


other: [1,2]
`;
  expect(edit(text, { 'models.churn.params.rate': 0.025, 'models.churn.params.depth': 12 })).toBe(
    text.replace('0.1', '0.025').replace('depth: 3', 'depth: 12'),
  );
});

const add = (text: string) =>
  edit(text, { 'models.churn.train.params.rate': 0.5, 'models.churn.train.params.kind': 'a' });

test.each([
  [
    'the map is not there',
    'models:\n  churn:\n    train:\n      builtin: linear # simple\n\n# the end\n',
    'models:\n  churn:\n    train:\n      builtin: linear # simple\n      params: { rate: 0.5, kind: a }\n\n# the end\n',
  ],
  [
    'a flow map',
    'models:\n  churn: {train: {params: {depth: 3}, deps: [a,b]}}\nlist: [1,  2]\n',
    'models:\n  churn: {train: {params: {depth: 3, rate: 0.5, kind: a}, deps: [a,b]}}\nlist: [1,  2]\n',
  ],
  [
    'a block map in the middle',
    'models:\n  churn:\n    train:\n      params:\n        depth: 3   # deep\n        list:\n          - 1\n          - 2 # two\n      seed: 1\n',
    'models:\n  churn:\n    train:\n      params:\n        depth: 3   # deep\n        list:\n          - 1\n          - 2 # two\n        rate: 0.5\n        kind: a\n      seed: 1\n',
  ],
  [
    'no line end',
    'models: { churn: { train: { seed: 1 } } }',
    'models: { churn: { train: { seed: 1, params: { rate: 0.5, kind: a } } } }',
  ],
])('a value that is not there is added, and nothing else changes: %s', (_, text, expected) => {
  expect(add(text)).toBe(expected);
});

test.each([
  ['an empty map', 'models: { churn: { train: { params: {}, seed: 1 } } } # all\n'],
  ['a key without a value', 'models:\n  churn:\n    train:\n      params:\n      seed: 1\n'],
  [
    'a text of several lines',
    'models:\n  churn:\n    train:\n      seed: 1\n      note: |\n        one\n        two\n',
  ],
  ['an empty document but for one key', 'models:\n'],
])('a value is added wherever it has a place: %s', (_, text) => {
  const before = parse(text);
  const train = before.models?.churn.train ?? {};
  const params = { rate: 0.5, kind: 'a' };
  expect(parse(add(text))).toEqual({ models: { churn: { train: { ...train, params } } } });
});

test.each([
  'plain',
  'with: colon',
  'a, b',
  '# no comment',
  'true',
  '007',
  '',
  ' padded ',
  'two\nlines',
  'quote " and \\',
  0.1,
  1e-7,
  -3,
  true,
  false,
])('%j is read as it was set, in a block and in a flow', (value) => {
  expect(parse(edit('a:\n  b: old\n  c: 1\n', { 'a.b': value }))).toEqual({ a: { b: value, c: 1 } });
  expect(parse(edit('a: { b: old, c: 1 }\n', { 'a.b': value }))).toEqual({ a: { b: value, c: 1 } });
  expect(parse(edit('a: { b: [1], c: 1 }\n', { 'a.b': value }))).toEqual({ a: { b: value, c: 1 } });
});

test.each([
  ['shared: &all { rate: 1 }\nmodel:\n  params: *all\n', 'model.params.rate', 3, 11],
  ['model:\n  params: &all { rate: 1 }\nother: *all\n', 'model.params.rate', 2, 16],
  ['a: &x 1\nb: *x\n', 'a', 1, 7],
])(
  'a value that others share by an anchor is not changed behind their backs: %j',
  (text, path, line, column) => {
    expect(() => edit(text, { [path]: 2 })).toThrow(
      expect.objectContaining({
        faults: [
          expect.objectContaining({
            code: 'yaml-anchor',
            place: expect.objectContaining({ file: 'rastro.yaml', line, column }),
          }),
        ],
      }),
    );
  },
);
