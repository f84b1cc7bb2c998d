import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';

/** The parts of an `action.yml` that the runner needs to start it. */
export interface ActionDefinition {
  readonly directory: string;
  readonly inputs: Readonly<Record<string, { readonly required?: boolean; readonly default?: unknown }>>;
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly main: string;
}

export async function readActionDefinition(directory: string): Promise<ActionDefinition> {
  const yaml = parse(await readFile(join(directory, 'action.yml'), 'utf8'));
  if (yaml?.runs?.using !== 'node24') throw new Error(`${directory}/action.yml does not run on node24`);
  return {
    directory,
    inputs: yaml.inputs ?? {},
    outputs: yaml.outputs ?? {},
    main: join(directory, yaml.runs.main),
  };
}

/**
 * INPUT_* as the runner sets them: every declared input is there, empty without value and default. A default may be an
 * expression over the `github` context. An input that is not declared throws: a test that misspells one should fail.
 */
export function inputEnvironment(
  action: ActionDefinition,
  given: Readonly<Record<string, string>>,
  github: Readonly<Record<string, unknown>>,
): Record<string, string> {
  for (const name of Object.keys(given)) {
    if (!(name in action.inputs)) throw new Error(`${action.directory} has no input ${name}`);
  }
  return Object.fromEntries(
    Object.entries(action.inputs).map(([name, input]) => [
      `INPUT_${name.replaceAll(' ', '_').toUpperCase()}`,
      given[name] ?? substitute(String(input?.default ?? ''), github),
    ]),
  );
}

function substitute(text: string, github: Readonly<Record<string, unknown>>): string {
  return text.replaceAll(/\$\{\{\s*(.*?)\s*\}\}/g, (_, expression: string) => {
    const path = /^github((?:\.[\w-]+)+)$/.exec(expression)?.[1];
    if (!path) throw new Error(`a default may only look into the github context, not at ${expression}`);
    let value: unknown = github;
    for (const key of path.slice(1).split('.')) value = (value as Record<string, unknown> | undefined)?.[key];
    return value === undefined || value === null ? '' : String(value);
  });
}
