import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Contract } from '@rastro/contract';
import { DataLock, Evaluate, Project, TrainLock } from '@rastro/lineage';
import { Policy, PolicyTests } from '@rastro/registry';
import { verbs } from '@rastro/usecases';
import { z } from 'zod';
import {
  actionVerbs,
  between,
  cell,
  generatedActionYaml,
  generatedReadme,
  markdownTable,
  readActionFile,
  root,
} from './action-files.ts';
import { faultCodes } from './fault-codes.ts';
import { plottingLibrary } from './plotting-library.ts';
import { schemaTable } from './schema-table.ts';

/** Every file that is made from code, by path, with the content that it must have. */
export async function generatedFiles(): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  const read = (path: string) => readFileSync(join(root, path), 'utf8');
  for (const verb of actionVerbs()) {
    const yaml = `actions/${verb}/action.yml`;
    files.set(yaml, await generatedActionYaml(verb, read(yaml)));
    const readme = `actions/${verb}/README.md`;
    const keys = KEYS[verb];
    const text = generatedReadme(readActionFile(verb), read(readme));
    files.set(readme, keys ? between(text, 'keys', schemaTable(Evaluate, keys)) : text);
  }
  files.set('README.md', between(read('README.md'), 'verbs', verbTable()));
  files.set('docs/troubleshooting.md', between(read('docs/troubleshooting.md'), 'faults', faultTable()));
  files.set('docs/contract.md', between(read('docs/contract.md'), 'contract', schemaTable(Contract)));
  files.set('schemas/rastro.schema.json', jsonSchema('rastro.yaml', Project));
  files.set('schemas/contract.schema.json', jsonSchema('contracts/<dataset>.yaml', Contract));
  files.set('schemas/policy.schema.json', jsonSchema('rastro.policy.yaml', Policy));
  files.set('schemas/policy-test.schema.json', jsonSchema('rastro.policy.test.yaml', PolicyTests));
  files.set('schemas/train-lock.schema.json', jsonSchema('rastro.lock/<model>/train.yaml', TrainLock));
  files.set(
    'schemas/data-lock.schema.json',
    jsonSchema('rastro.lock/data/<dataset>/validate.yaml', DataLock),
  );
  files.set('packages/report/src/plotting-library.ts', plottingLibrary());
  return files;
}

/** Actions that go by the section `evaluate:` of a model, and by which of its keys. */
const KEYS: Readonly<Record<string, (key: string) => boolean>> = {
  evaluate: () => true,
  compare: (key) =>
    key === 'alpha' || /^metrics\.<name>\.(goal|target|tolerance|relative_tolerance)$/.test(key),
};

/** Not padded to equal widths, nor formatted: a cell that has many messages would widen every row. */
function faultTable(): string[] {
  const plain = (text: string) => cell(text).replaceAll('*', '\\*').replaceAll('<', '&lt;');
  // Where a schema speaks, there is nothing but the name of a field and its words.
  const said = (text: string) => (/[a-z]/.test(text) ? plain(text) : '_a field, and what is wrong with it_');
  const advised = (text: string) => (text === '…' ? '_what the error says_' : plain(text));
  const rows = faultCodes().map(({ code, messages, nexts }) =>
    [`\`${code}\``, messages.map(said).join('<br>'), nexts.map(advised).join('<br>')].join(' | '),
  );
  return ['| code | what it says | what to do |', '| --- | --- | --- |', ...rows.map((row) => `| ${row} |`)];
}

function verbTable(): string[] {
  const rows = verbs.map(({ name, summary }) => [`[\`${name}\`](actions/${name})`, cell(summary)]);
  return markdownTable(['verb', 'what it does'], rows);
}

function jsonSchema(title: string, schema: z.ZodType): string {
  const json = z.toJSONSchema(schema, { io: 'input', target: 'draft-2020-12' });
  return `${JSON.stringify({ title, ...json }, null, 2)}\n`;
}
