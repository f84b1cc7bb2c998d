import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { verbs } from '@rastro/usecases';
import { expect, test } from 'vitest';
import { actionVerbs, root } from './docs/action-files.ts';
import { actionFiles } from './docs/action-scaffold.ts';

const read = (path: string) => readFileSync(join(root, path), 'utf8');

test.each(actionVerbs())('the action %s is laid out as a new one would be', (verb) => {
  const { summary } = verbs.find(({ name }) => name === verb)!;
  const usesGitHub = read(`actions/${verb}/src/inputs.ts`).includes('usesGitHub: true');
  const written = ['src/inputs.ts', 'src/main.ts', 'action.yml', 'README.md'].map(
    (file) => `actions/${verb}/${file}`,
  );
  for (const [path, { content }] of actionFiles({ verb, summary, usesGitHub }, read)) {
    if (written.includes(path)) expect(read(path)).toBeDefined();
    // The formatter decides where lines break.
    else expect(withoutLayout(read(path)), path).toBe(withoutLayout(content));
  }
});

test('a new action is entered in every file that lists the actions, once', () => {
  const files = actionFiles(
    { verb: 'unheard', summary: 'What nobody has heard of.', usesGitHub: false },
    read,
  );
  const lists = [...files].filter(([, { made }]) => !made);
  expect(lists.map(([path]) => path)).toEqual([
    'actions/_bundle/src/index.ts',
    'actions/_bundle/package.json',
    'actions/_bundle/tsconfig.json',
    'tsconfig.json',
  ]);
  for (const [path, { content }] of lists) {
    expect(content.match(/unheard/g), path).toHaveLength(path.endsWith('index.ts') ? 2 : 1);
    // Nothing is lost: all that was there is still there, in its order.
    const entries = withoutLayout(content).split(/(?<=[,{[\]}])/);
    const before = withoutLayout(read(path)).split(/(?<=[,{[\]}])/);
    let at = 0;
    for (const entry of entries) if (entry === before[at]) at++;
    expect(at, path).toBeGreaterThanOrEqual(before.length - 1);
  }
});

function withoutLayout(text: string): string {
  return text.replaceAll(/\s+/g, '');
}
