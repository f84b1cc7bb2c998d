import type { ExitCode } from '@rastro/fault';
import { VERSION } from '@rastro/host';
import { type Parameter, parametersOf, type Verb, verbs } from '@rastro/usecases';
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
    .showSuggestionAfterError()
    .helpCommand(true)
    .exitOverride((error) => {
      throw error;
    })
    .addHelpText(
      'after',
      '\nExit codes: 0 pass, 1 a gate failed, 2 wrong input, 3 an outside system failed, 70 a bug.',
    );
  for (const verb of verbs) root.addCommand(verbCommand(verb, finish));
  root.addCommand(serveCommand());
  return root;
}

function verbCommand(verb: Verb, finish: (code: ExitCode) => void): Command {
  const command = new Command(verb.name).description(verb.summary).exitOverride();
  if (verb.alias) command.alias(verb.alias);
  for (const parameter of parametersOf(verb.request)) command.addOption(option(parameter));
  return command
    .option('-C, --directory <folder>', 'run as if started in this folder', '.')
    .option('--json', 'print the result as JSON on standard output')
    .option('--no-color', 'print without colour')
    .action(async (options: Record<string, unknown>) =>
      finish(await runVerb(verb, textsOf(options, verb), options as unknown as Common)),
    );
}

function option({ name, description, type, choices, default: initial }: Parameter): Option {
  const flag =
    type === 'boolean' ? `--${name} [yes]` : `--${name} <${type === 'choice' ? choices.join('|') : type}>`;
  const made = new Option(
    flag,
    initial ? `${description} (default: ${initial.replaceAll('\n', ', ')})` : description,
  );
  if (type === 'boolean') made.preset('true');
  if (type === 'list')
    made.argParser((value: string, before: string | undefined) => (before ? `${before}\n${value}` : value));
  return made;
}

/** The options of the verb itself as texts, for the same strict reading as an action's inputs. */
function textsOf(options: Readonly<Record<string, unknown>>, verb: Verb): Record<string, string> {
  return Object.fromEntries(
    parametersOf(verb.request)
      .filter(({ key }) => options[key] !== undefined)
      .map(({ key, name }) => [name, String(options[key])]),
  );
}
