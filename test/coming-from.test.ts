import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { realDvc, realGto, temporaryRepository } from '@rastro/testkit';
import { commands, parametersOf, verbs } from '@rastro/usecases';
import { describe, expect, test } from 'vitest';
import { customers } from './churn.ts';
import { actionVerbs, readActionFile, root } from './docs/action-files.ts';
import { cli } from './place.ts';

/** The pages for users of other tools: what they say of either side is there. */
const folder = 'docs/coming-from';
const pages = readdirSync(join(root, folder)).map((name) => {
  const text = readFileSync(join(root, folder, name), 'utf8');
  const rows = [...text.matchAll(/^\| (.+?) +\| (.+?) +\|$/gm)]
    .map(([, theirs, ours]) => ({ theirs: theirs!, ours: ours! }))
    .filter(({ ours }) => ours !== 'Rastro' && !/^-+$/.test(ours));
  return { name, text, rows };
});

const schemas: Readonly<Record<string, string>> = {
  'rastro.yaml': 'rastro',
  contract: 'contract',
  'rastro.policy.yaml': 'policy',
};
/** Files that Rastro writes, which tests of their own look at. */
const WRITTEN = /`(rastro\.lock|metrics|contracts|\.rastro)\//;

const spans = (text: string) => [...text.matchAll(/`([^`\n]+)`/g)].map(([, span]) => span!);

test('there is a page for each neighbour, and the front page leads to it', () => {
  expect(pages.map(({ name }) => name).sort()).toEqual([
    ...['cml.md', 'dvc.md', 'great-expectations.md', 'gto.md', 'mlflow.md'],
  ]);
  const front = readFileSync(join(root, 'README.md'), 'utf8');
  for (const { name, rows } of pages) {
    expect(front).toContain(`](${folder}/${name})`);
    expect(rows.length, name).toBeGreaterThan(9);
  }
});

describe.each(pages)('$name', ({ text, rows }) => {
  test('names commands, keys and inputs that there are', () => {
    const wrong = spans(text).flatMap((span) => whyWrong(span) ?? []);
    expect(wrong).toEqual([]);
  });

  test('says in every row what is there instead, or that nothing is', () => {
    const empty = rows.filter(
      ({ ours }) =>
        !/no (other )?counterpart/.test(ours) &&
        !/\]\([\w./-]+\)/.test(ours) &&
        !WRITTEN.test(ours) &&
        !spans(ours).some(isChecked),
    );
    expect(empty).toEqual([]);
  });
});

test('what is not there is seen', () => {
  expect(whyWrong('rastro compare --baseline prod')).toBeUndefined();
  expect(whyWrong('rastro registry show churn')).toBeUndefined();
  expect(whyWrong('rastro compere')).toMatch(/no command/);
  expect(whyWrong('rastro compare --base prod')).toMatch(/--base/);
  expect(whyWrong('rastro monitor --retrain always')).toMatch(/always/);
  expect(whyWrong('rastro.yaml: models.*.train.comand')).toMatch(/comand/);
  expect(whyWrong('contract: fields.*.minimum')).toBeUndefined();
  expect(whyWrong('comment: keys')).toMatch(/keys/);
});

const dvc = realDvc();
const gto = realGto();

test.runIf(dvc)('names commands that DVC has', () => {
  const known = python(
    dvc!,
    `
import argparse, json
from dvc.cli.parser import get_main_parser
def walk(parser, path, found):
    found[' '.join(path)] = [option for action in parser._actions for option in action.option_strings]
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, inner in action.choices.items(): walk(inner, path + [name], found)
    return found
print(json.dumps(walk(get_main_parser(), ['dvc'], {})))`,
  );
  expectKnown('dvc', known);
});

test.runIf(gto)('names commands that GTO has', () => {
  const known = python(
    gto!,
    `
import json
from gto.cli import app
print(json.dumps({'gto ' + name: [option for parameter in command.params for option in parameter.opts] for name, command in app.commands.items()}))`,
  );
  expectKnown('gto', known);
});

test.runIf(dvc)(
  'a DVC pipeline trains as the page for users of DVC has it, and both agree on what changed',
  async () => {
    const page = pages.find(({ name }) => name === 'dvc.md')!.text;
    const [, project] = /```yaml\n([\s\S]*?)```/.exec(page)!;
    await using repository = await temporaryRepository({
      files: {
        'rastro.yaml': project!,
        'dvc.yaml': `stages:
  train:
    cmd: python src/train.py
    deps: [src/train.py, data/train.csv]
    params: [shift]
    outs: [models/churn.onnx]
`,
        'params.yaml': 'shift: 1\n',
        'src/train.py': `from pathlib import Path
Path('models').mkdir(exist_ok=True)
Path('models/churn.onnx').write_text('model of ' + Path('params.yaml').read_text())
`,
        'data/train.csv': customers({ seed: 1, rows: 50 }),
        'data/test.csv': customers({ seed: 2, rows: 50 }),
      },
    });
    const { directory } = repository;
    const quiet = { DVC_NO_ANALYTICS: '1', PATH: `${dirname(dvc!)}:${process.env.PATH}` };
    const run = (...args: string[]) =>
      execFileSync(dvc!, args, { cwd: directory, encoding: 'utf8', env: { ...process.env, ...quiet } });
    run('init', '--quiet');
    const train = async () => {
      const result = await cli(directory, ['train', '--json'], quiet);
      expect(result.exitCode, result.stderr).toBe(0);
      return JSON.parse(result.stdout).record[0] as { ran: boolean; reasons: string[] };
    };
    expect(await train()).toMatchObject({ ran: true });
    await repository.write({ 'params.yaml': 'shift: 2\n' });
    expect(await train()).toMatchObject({ ran: true, reasons: ['dependency params.yaml changed'] });
    expect(await readFile(join(directory, 'models/churn.onnx'), 'utf8')).toContain('shift: 2');
    expect(run('status')).toContain('up to date');
    expect(await train()).toMatchObject({ ran: false });
    // A project that DVC has trained already: Rastro's first run trains once more, and takes no model from before.
    await rm(join(directory, 'rastro.lock'), { recursive: true });
    expect(await train()).toMatchObject({ ran: true });
  },
  240_000,
);

/** What is wrong with a span that is one of ours; undefined when it is right, or none of ours. */
function whyWrong(span: string): string | undefined {
  if (span.startsWith('rastro ')) return wrongCommand(span.split(' ').slice(1));
  const [, where = '', what = ''] = /^([\w.-]+): (\S+)$/.exec(span) ?? [];
  if (schemas[where] !== undefined) return wrongKey(schemas[where], what);
  if (!actionVerbs().includes(where)) return undefined;
  const { inputs, outputs } = readActionFile(where);
  return inputs?.[what] || outputs?.[what] ? undefined : `${where} has no ${what}`;
}

function isChecked(span: string): boolean {
  const where = /^([\w.-]+): \S+$/.exec(span)?.[1] ?? '';
  return span.startsWith('rastro ') || schemas[where] !== undefined || actionVerbs().includes(where);
}

function wrongCommand(words: readonly string[]): string | undefined {
  const known = [...verbs, ...commands];
  const named = known.find(({ name }) => name === words.slice(0, name.split(' ').length).join(' '));
  // The server has options of its own, and no request.
  if (!named) return words[0] === 'serve' ? undefined : `there is no command ${words.join(' ')}`;
  const rest = words.slice(named.name.split(' ').length);
  const parameters = parametersOf(named.request);
  let unnamed = 0;
  for (let at = 0; at < rest.length; at++) {
    const word = rest[at]!;
    if (word === '--json') continue;
    if (!word.startsWith('--')) {
      if (++unnamed > (named.arguments ?? []).length) return `${named.name} takes no ${word}`;
      continue;
    }
    const option = parameters.find(({ name }) => name === word.slice(2));
    if (!option) return `${named.name} has no ${word}`;
    const value = rest[at + 1];
    if (value === undefined || value.startsWith('--')) continue;
    at++;
    if (option.type === 'choice' && !option.choices.includes(value)) return `${word} is never ${value}`;
  }
  return undefined;
}

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
}

/** A path of keys, with `*` for any name and any item. */
function wrongKey(name: string, path: string): string | undefined {
  const schema = JSON.parse(readFileSync(join(root, 'schemas', `${name}.schema.json`), 'utf8')) as Schema;
  let here: Schema[] = [schema];
  for (const key of path.split('.')) {
    here = here
      .flatMap(function all(one): Schema[] {
        return [one, ...[...(one.anyOf ?? []), ...(one.allOf ?? [])].flatMap(all)];
      })
      .flatMap((one) => (key === '*' ? [one.additionalProperties, one.items] : [one.properties?.[key]]))
      .filter((one): one is Schema => typeof one === 'object');
    if (here.length === 0) return `${path}: there is no ${key}`;
  }
  return undefined;
}

/** What a program of the neighbour, run by the Python that has it, knows: options by command. */
function python(program: string, script: string): Record<string, string[]> {
  const interpreter = join(dirname(program), 'python');
  expect(existsSync(interpreter)).toBe(true);
  const env = { ...process.env, DVC_NO_ANALYTICS: '1' };
  return JSON.parse(execFileSync(interpreter, ['-c', script], { encoding: 'utf8', env }));
}

function expectKnown(program: string, known: Readonly<Record<string, readonly string[]>>): void {
  const named = pages
    .flatMap(({ rows }) => rows.flatMap(({ theirs }) => spans(theirs)))
    .filter((span) => span.startsWith(`${program} `));
  expect(named.length).toBeGreaterThan(5);
  for (const span of named) {
    const words = span.split(' ');
    const command = [3, 2].map((count) => words.slice(0, count).join(' ')).find((one) => known[one]);
    expect(command, span).toBeDefined();
    for (const flag of words.filter((word) => word.startsWith('--')))
      expect(known[command!], span).toContain(flag);
  }
}
