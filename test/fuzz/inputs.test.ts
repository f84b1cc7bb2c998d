import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ActionInputs } from '@rastro/host';
import { runAction, type TemporaryRepository, temporaryRepository } from '@rastro/testkit';
import { commands, parametersOf, readRequest, verbs } from '@rastro/usecases';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { projectFiles } from '../churn.ts';
import { actionVerbs, readActionFile, root } from '../docs/action-files.ts';
import { cli, TOOLS } from '../place.ts';
import { readOrRefuse } from './answers.ts';
import { hostileText } from './hostile.ts';
import { runs } from './settings.ts';

/** No environment variable and no argument can hold these. */
const inputText = hostileText.filter((text) => !text.includes('\0'));
const sound = ['true', 'false', '1', 'churn', 'customers', 'prod', 'v1.0.0', 'HEAD', 'models/churn.onnx'];

interface Given {
  readonly verb: string;
  readonly inputs: Readonly<Record<string, string>>;
}

/** A verb, and some of its inputs with texts that nobody would choose among texts that somebody would. */
const given: fc.Arbitrary<Given> = fc.constantFrom(...actionVerbs()).chain((verb) => {
  const names = Object.keys(readActionFile(verb).inputs ?? {});
  const text = fc.oneof({ weight: 2, arbitrary: inputText }, fc.constantFrom(...sound));
  const texts = fc.record(Object.fromEntries(names.map((name) => [name, text])), { requiredKeys: [] });
  // Most inputs are left alone, or the first of them to be wrong would be all that is ever told.
  return fc.tuple(texts, fc.array(fc.constantFrom(...names), { maxLength: 3 })).map(([all, some]) => ({
    verb,
    inputs: Object.fromEntries(Object.entries(all).filter(([name]) => some.includes(name))) as Record<
      string,
      string
    >,
  }));
});

test('whatever an input says, it is read as what was asked for or refused by its name', async () => {
  const schemas = await Promise.all(
    actionVerbs().map(async (verb) => {
      const { Inputs } = (await import(join(root, 'actions', verb, 'src/inputs.ts'))) as {
        Inputs: ActionInputs<never>;
      };
      return [verb, Inputs.schema] as const;
    }),
  );
  const byVerb = new Map(schemas);
  const any = fc.tuple(given, fc.dictionary(inputText, inputText, { maxKeys: 2 }));
  fc.assert(
    fc.property(any, ([{ verb, inputs }, others]) => {
      const answer = readOrRefuse(() => readRequest(byVerb.get(verb)!, { ...inputs, ...others }, 'input'));
      if (!('refused' in answer)) return;
      for (const { code } of answer.refused.faults) expect(code).toMatch(/^(unknown|invalid|missing)-input$/);
    }),
    runs(1000),
  );
});

let repository: TemporaryRepository;
beforeAll(async () => {
  const project = String(projectFiles()['rastro.yaml']).replace('resamples: 200', 'resamples: 0');
  repository = await temporaryRepository({ files: { ...projectFiles(), 'rastro.yaml': project } });
  expect((await cli(repository.directory, ['train'])).exitCode).toBe(0);
  expect((await cli(repository.directory, ['evaluate'])).exitCode).toBe(0);
  await repository.commit('Train');
});
afterAll(() => repository?.dispose());

async function asItWas(): Promise<void> {
  await repository.git('reset', '--quiet', '--hard');
  await repository.git('clean', '--quiet', '--force', '-d', '-x');
}

test('an action with any inputs ends as documented, says what is wrong, and does nothing else', async () => {
  const home = dirname(repository.directory);
  const around = async () => (await readdir(home)).sort();
  const before = await around();
  await fc.assert(
    fc.asyncProperty(given, async ({ verb, inputs }) => {
      await asItWas();
      const run = await runAction({
        verb,
        directory: repository.directory,
        inputs,
        env: { RUNNER_TOOL_CACHE: TOOLS },
      });
      const told = `${run.stdout}\n${run.stderr}`;
      expect([0, 1, 2, 3, 4], told).toContain(run.exitCode);
      const errors = run.annotations.filter(({ level }) => level === 'error');
      if (run.exitCode !== 0) expect(errors.length, told).toBeGreaterThan(0);
      if (run.exitCode > 1 && run.exitCode < 4)
        for (const { title } of errors) expect(title, told).toMatch(/^[a-z0-9-]+$/);
      expect(Object.keys(readActionFile(verb).outputs)).toEqual(
        expect.arrayContaining(Object.keys(run.outputs)),
      );
      expect(run.commands.map(({ name }) => name)).not.toEqual(expect.arrayContaining(['set-output']));
      for (const { name, message } of run.commands) {
        expect(['error', 'warning', 'notice', 'add-mask', 'group', 'endgroup'], told).toContain(name);
        expect(message).not.toMatch(/^pwned/);
      }
      expect([run.env, run.state]).toEqual([{}, {}]);
      expect(await around()).toEqual(before);
      expect(existsSync(join(repository.directory, 'pwned'))).toBe(false);
    }),
    runs(14),
  );
});

test('the command line with any options and arguments ends as documented', async () => {
  const all = [...verbs, ...commands];
  const call = fc.constantFrom(...all).chain((verb) => {
    const names = parametersOf(verb.request).map(({ name }) => name);
    const option = fc.tuple(fc.constantFrom(...names), inputText).map(([name, text]) => `--${name}=${text}`);
    return fc
      .array(fc.oneof({ weight: 3, arbitrary: option }, inputText), { maxLength: 3 })
      .map((rest) => [...verb.name.split(' '), ...rest]);
  });
  await fc.assert(
    fc.asyncProperty(call, async (args) => {
      await asItWas();
      // A folder to work in is the user's to choose, wherever it is.
      fc.pre(!args.some((arg) => arg.startsWith('-C')));
      const { exitCode, stdout, stderr } = await cli(repository.directory, args, {
        HOME: dirname(repository.directory),
      });
      expect([0, 1, 2, 3, 4], `${stdout}\n${stderr}`).toContain(exitCode);
      if (exitCode === 2) expect(stderr.trim()).not.toBe('');
      expect(existsSync(join(repository.directory, 'pwned'))).toBe(false);
    }),
    runs(12),
  );
});
