import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { actionVerbs, readActionFile, root, schemaInputs } from './docs/action-files.ts';
import { faultCodes } from './docs/fault-codes.ts';
import { generatedFiles } from './docs/generated-files.ts';
import { actionErrors } from './docs/workflow-parser.ts';

test.each(actionVerbs())('the inputs of %s in action.yml are those of its schema', async (verb) => {
  expect(readActionFile(verb).inputs).toEqual(await schemaInputs(verb));
});

test.each(actionVerbs())(
  '%s describes every input and output, and runs its own bundle on node24',
  async (verb) => {
    const { inputs = {}, outputs, runs, description } = readActionFile(verb);
    for (const text of [
      description,
      ...Object.values({ ...inputs, ...outputs }).map((each) => each.description),
    ]) {
      expect(text).toMatch(/\S/);
    }
    expect(runs).toEqual({ using: 'node24', main: 'dist/index.js' });
  },
);

test.each(actionVerbs())('the action.yml of %s is one that GitHub accepts', (verb) => {
  const text = readFileSync(join(root, 'actions', verb, 'action.yml'), 'utf8');
  expect(actionErrors(text)).toEqual([]);
  expect(actionErrors(text.replace('using: node24', 'usng: node24'))).not.toEqual([]);
});

test('every generated file is what the code makes of it (npm run generate brings it up to date)', async () => {
  for (const [path, content] of await generatedFiles()) {
    expect(readFileSync(join(root, path), 'utf8'), path).toBe(content);
  }
});

test('every error says what is wrong and what to do next, and the page of codes repeats it', () => {
  const errors = faultCodes();
  const lacking = errors.filter(({ messages, nexts }) => messages.length === 0 || nexts.length === 0);
  expect(lacking).toEqual([]);
  // One made by each way of writing it down: a literal, a constant, a helper with the message, a helper with the code too.
  const codes = errors.map(({ code }) => code);
  for (const code of ['already-there', 'column-name', 'tensor-mismatch', 'model-not-onnx'])
    expect(codes).toContain(code);
});
