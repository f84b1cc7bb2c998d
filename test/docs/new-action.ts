import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { verbs } from '@rastro/usecases';
import { root } from './action-files.ts';
import { actionFiles } from './action-scaffold.ts';

/**
 * `npm run new-action <verb> [github]`: the files of an action for a use case that is there, entered everywhere that
 * lists the actions. With `github` the action has the input `token`. What is there already is left as it is.
 */
const [name, option] = process.argv.slice(2);
const verb = verbs.find((candidate) => candidate.name === name);
if (!verb || (option !== undefined && option !== 'github')) {
  console.error('usage: npm run new-action <verb> [github], for a verb of packages/usecases/src/verbs.ts');
  process.exit(2);
}

const read = (path: string) => readFileSync(join(root, path), 'utf8');
const files = actionFiles({ verb: verb.name, summary: verb.summary, usesGitHub: option === 'github' }, read);
for (const [path, { content, made }] of files) {
  const file = join(root, path);
  if (made && existsSync(file)) continue;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  console.log(path);
}
// The lock names every package of the workspace, and the new one has links to make.
const npm = (...args: string[]) =>
  execFileSync('npm', ['run', '--silent', ...args], { cwd: root, stdio: 'inherit' });
npm('setup', '--', '--no-frozen-lockfile');
npm('generate');
