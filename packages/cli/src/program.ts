import type { ExitCode } from '@rastro/fault';
import { VERSION } from '@rastro/host';
import { commands, type Parameter, parametersOf, type Verb, verbs } from '@rastro/usecases';
import { Command, Option } from 'commander';
import { type Common, runVerb } from './run-verb.ts';
import { serveCommand } from './serve.ts';

/** The command line: one command per verb, its options made from the verb's own request schema. */
export function program(finish: (code: ExitCode) => void): Command {
  const root = new Command('rastro')
    .description(
      'Git-native CI/CD for machine learning: validate, train, evaluate, compare, release, promote, deploy, monitor, audit.',
    )
    .version(VERSION)
    // Or `--version` after a verb would be that of the program.
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .helpCommand(true)
    .exitOverride((error) => {
      throw error;
    })
    .addHelpText(
      'after',
      '\nExit codes: 0 pass, 1 a gate failed, 2 wrong input, 3 an outside system failed, 4 an audit could not prove it, 70 a bug.',
    );
  for (const verb of verbs) groupOf(root, verb).addCommand(verbCommand(verb, finish));
  for (const verb of commands) {
    // What only looks up, or says something for a person, leaves nothing for a pull request's comment.
    groupOf(root, verb).addCommand(verbCommand(verb, finish, { keepsReports: false }));
  }
  root.addCommand(serveCommand());
  return root;
}

const GROUPS: Readonly<Record<string, string>> = {
  registry: 'Look at models, versions and stages, as the tags tell.',
  policy: 'Ask the policy, and test it.',
  contract: 'Write a first contract, and contracts in the formats of others.',
};

/** The command that a verb is under: `registry` for `registry show`, the program itself for `promote`. */
function groupOf(root: Command, { name }: Verb): Command {
  const [group, inner] = name.split(' ');
  if (!group || inner === undefined) return root;
  const known = root.commands.find((command) => command.name() === group);
  if (known) return known;
  const made = new Command(group).description(GROUPS[group] ?? '').exitOverride();
  root.addCommand(made);
  return made;
}

function verbCommand(
  verb: Verb,
  finish: (code: ExitCode) => void,
  { keepsReports } = { keepsReports: true },
): Command {
  const command = new Command(verb.name.split(' ').at(-1)).description(verb.summary).exitOverride();
  if (verb.alias) command.alias(verb.alias);
  const parameters = parametersOf(verb.request);
  const unnamed = parameters.filter(({ key }) => verb.arguments?.includes(key));
  for (const key of verb.arguments ?? []) {
    const { name, description } = unnamed.find((parameter) => parameter.key === key)!;
    command.argument(`[${name}]`, description);
  }
  for (const parameter of parameters) command.addOption(option(parameter));
  return command
    .option('-C, --directory <folder>', 'run as if started in this folder', '.')
    .option('--json', 'print the result as JSON on standard output')
    .option('--no-color', 'print without colour')
    .action(async () => {
      const options = command.opts();
      const given = { ...argumentsOf(command.args, verb), ...options };
      finish(await runVerb(verb, textsOf(given, verb), { ...(options as unknown as Common), keepsReports }));
    });
}

function option({ name, description, type, choices, default: initial }: Parameter): Option {
  const flag =
    type === 'boolean' ? `--${name} [yes|no]` : `--${name} <${type === 'choice' ? choices.join('|') : type}>`;
  const made = new Option(
    flag,
    initial ? `${description} (default: ${initial.replaceAll('\n', ', ')})` : description,
  );
  if (type === 'boolean') made.preset('true');
  if (type === 'list')
    made.argParser((value: string, before: string | undefined) => (before ? `${before}\n${value}` : value));
  return made;
}

/** What was given without a name, by key. The last one is the one that names the place: `promote churn prod` has no version. */
function argumentsOf(
  values: readonly string[],
  { arguments: keys = [], request }: Verb,
): Record<string, string> {
  const required = parametersOf(request).filter((parameter) => parameter.required);
  const last = keys.at(-1);
  const endsInPlace = last !== undefined && required.some(({ key }) => key === last);
  const taken =
    endsInPlace && values.length > 0 && values.length < keys.length
      ? [...keys.slice(0, values.length - 1), last]
      : keys;
  return Object.fromEntries(values.map((value, index) => [taken[index]!, value]));
}

/** The options of the verb itself as texts, for the same strict reading as an action's inputs. */
function textsOf(options: Readonly<Record<string, unknown>>, verb: Verb): Record<string, string> {
  return Object.fromEntries(
    parametersOf(verb.request)
      .filter(({ key }) => options[key] !== undefined)
      .map(({ key, name }) => [name, String(options[key])]),
  );
}
