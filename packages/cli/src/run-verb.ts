import { resolve } from 'node:path';
import { ExitCode, type Explanation, explain, showPlace } from '@rastro/fault';
import { gitUser, originOf } from '@rastro/git';
import { gitHubApi, saveReports, seenExplanation, terminalContext, wirePorts } from '@rastro/host';
import { renderTerminal } from '@rastro/report';
import { readRequest, type Verb } from '@rastro/usecases';
import pc from 'picocolors';
import { spinner } from './spinner.ts';

/** The options that every command has. */
export interface Common {
  readonly directory: string;
  readonly json?: boolean;
  readonly color: boolean;
  readonly keepsReports: boolean;
}

/** Runs one verb on a terminal: the report on standard output, how far it is on standard error. Never throws. */
export async function runVerb(
  verb: Verb,
  texts: Record<string, string>,
  { directory, json, color, keepsReports }: Common,
): Promise<ExitCode> {
  const colored = color && pc.isColorSupported;
  const progress = spinner(process.stderr, colored);
  try {
    const request = readRequest(verb.request, texts, 'option');
    const wired = await wirePorts({
      directory: resolve(directory),
      context: async () => {
        const [user, origin] = await Promise.all([gitUser(resolve(directory)), originOf(resolve(directory))]);
        return terminalContext(process.env, { user, origin });
      },
      token: process.env.GITHUB_TOKEN || process.env.GH_TOKEN || undefined,
      apiUrl: gitHubApi(process.env),
      progress,
      onRunner: false,
      output: process.stderr,
    });
    try {
      const outcome = await verb.run(request, wired.ports);
      if (keepsReports) await saveReports(wired.ports, outcome.reports);
      progress.stop();
      process.stdout.write(
        json
          ? `${JSON.stringify(verb.json === 'record' ? outcome.record : { verdict: outcome.status, record: outcome.record, reports: outcome.reports }, null, 2)}\n`
          : renderTerminal(outcome.reports, { width: process.stdout.columns ?? 100, color: colored }),
      );
      return outcome.exitCode ?? (outcome.status === 'pass' ? ExitCode.pass : ExitCode.breach);
    } finally {
      await wired.close();
    }
  } catch (error) {
    progress.stop();
    const explanation = seenExplanation(explain(error), { root: resolve(directory), from: process.cwd() });
    return tell(explanation, { json: json ?? false, colored });
  }
}

/** Tells an error on standard error, or as JSON on standard output, and gives its exit code. */
export function tell(
  { exitCode, faults, stack }: Explanation,
  { json, colored }: { json: boolean; colored: boolean },
): ExitCode {
  const paint = pc.createColors(colored);
  if (json)
    process.stdout.write(`${JSON.stringify({ verdict: 'error', exitCode, errors: faults }, null, 2)}\n`);
  for (const { code, message, place, next } of faults) {
    const where = place ? `${paint.bold(showPlace(place))}: ` : '';
    process.stderr.write(`${paint.red('error')} ${where}${message} ${paint.dim(`[${code}]`)}\n`);
    if (next) process.stderr.write(`      ${next}\n`);
  }
  if (stack) process.stderr.write(`${stack}\n`);
  return exitCode;
}
