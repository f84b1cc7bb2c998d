import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type ActionInputs, TOKEN_DEFAULT } from '@rastro/host';
import { parametersOf } from '@rastro/usecases';
import { parseDocument } from 'yaml';

export const root = resolve(import.meta.dirname, '../..');

/** The verbs that are actions: every folder of `actions/` with an action.yml. */
export function actionVerbs(): string[] {
  return readdirSync(join(root, 'actions'))
    .filter((verb) => !verb.startsWith('_'))
    .sort();
}

interface InputSpec {
  description: string;
  required: boolean;
  default?: string;
}

export interface ActionFile {
  readonly name: string;
  readonly description: string;
  readonly inputs?: Readonly<Record<string, InputSpec>>;
  readonly outputs: Readonly<Record<string, { description: string }>>;
  readonly runs: { readonly using: string; readonly main: string };
}

export function readActionFile(verb: string): ActionFile {
  return parseDocument(readFileSync(join(root, 'actions', verb, 'action.yml'), 'utf8')).toJS() as ActionFile;
}

export async function schemaInputs(verb: string): Promise<Record<string, InputSpec>> {
  const { Inputs } = (await import(join(root, 'actions', verb, 'src/inputs.ts'))) as {
    Inputs: ActionInputs<never>;
  };
  return Object.fromEntries(
    parametersOf(Inputs.schema).map(({ name, description, required, default: initial }) => [
      name,
      {
        description,
        required,
        ...(name === 'token'
          ? { default: TOKEN_DEFAULT }
          : initial === undefined
            ? {}
            : { default: initial }),
      },
    ]),
  );
}

/** An action.yml with its `inputs:` as the schema has them; everything else as it was written. */
export async function generatedActionYaml(verb: string, text: string): Promise<string> {
  const document = parseDocument(text);
  document.set('inputs', document.createNode(await schemaInputs(verb)));
  return document.toString({ lineWidth: 0 });
}

/** A README with the tables of inputs and outputs as action.yml has them. */
export function generatedReadme(action: ActionFile, text: string): string {
  const inputs = Object.entries(action.inputs ?? {}).map(
    ([name, { description, required, default: initial }]) => [
      `\`${name}\``,
      cell(description),
      required ? 'required' : initial === undefined || initial === '' ? '' : `\`${cell(initial)}\``,
    ],
  );
  const outputs = Object.entries(action.outputs).map(([name, { description }]) => [
    `\`${name}\``,
    cell(description),
  ]);
  const withInputs = between(text, 'inputs', markdownTable(['input', 'what it says', 'default'], inputs));
  return between(withInputs, 'outputs', markdownTable(['output', 'what it says'], outputs));
}

/** The lines of a table, its columns aligned as the formatter has them. */
export function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = header.map((title, index) =>
    Math.max(3, ...[title, ...rows.map((row) => row[index]!)].map((text) => text.length)),
  );
  const line = (row: readonly string[]) =>
    `| ${row.map((text, index) => text.padEnd(widths[index]!)).join(' | ')} |`;
  return [line(header), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)];
}

export function cell(text: string): string {
  return text.replaceAll('\n', ' ').replaceAll('|', '\\|');
}

/** Replaces what stands between `<!-- name -->` and `<!-- /name -->`. */
export function between(text: string, name: string, lines: readonly string[]): string {
  const pattern = new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(<!-- /${name} -->)`);
  if (!pattern.test(text)) throw new Error(`there is no <!-- ${name} --> to fill`);
  return text.replace(pattern, (_, start: string, end: string) => `${start}${lines.join('\n')}\n${end}`);
}
