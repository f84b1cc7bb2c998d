import { cp, glob, mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { data, Evaluator, Lexer, Parser } from '@actions/expressions';
import { type ActionResult, temporaryDirectory } from '@rastro/testkit';
import { parse } from 'yaml';
import type { Place } from './place.ts';

interface Step {
  readonly id?: string;
  readonly if?: string;
  readonly uses: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Job {
  readonly needs?: string;
  readonly if?: string;
  readonly outputs?: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
}

export interface JobRun {
  readonly result: 'success' | 'failure' | 'skipped';
  readonly outputs: Readonly<Record<string, string>>;
  /** What each of our actions that ran gave, by verb. */
  readonly actions: Readonly<Record<string, ActionResult>>;
}

/** What started the workflow, and the revision that the runner checks out for it. */
export interface Trigger {
  readonly eventName: string;
  readonly event: Readonly<Record<string, unknown>>;
  readonly ref: string;
  readonly checkout: string;
}

/**
 * Runs a workflow's jobs one after the other, each in a checkout of its own, as the runner does: conditions and values are
 * evaluated with GitHub's own library, our actions run from the bundle, artifacts go from job to job as files. What else a
 * step may use is refused.
 */
export async function runWorkflow(
  text: string,
  place: Place,
  trigger: Trigger,
): Promise<Record<string, JobRun>> {
  const { jobs } = parse(text) as { jobs: Record<string, Job> };
  const artifacts = await temporaryDirectory('rastro-artifacts');
  const needs: Record<string, JobRun> = {};
  try {
    for (const [name, job] of Object.entries(jobs)) {
      const context = { github: githubContext(place, trigger), needs };
      const failed = job.needs !== undefined && needs[job.needs]?.result !== 'success';
      needs[name] = holds(job.if, context, failed)
        ? await runJob(job, { context, place, trigger, artifacts: artifacts.path })
        : { result: 'skipped', outputs: {}, actions: {} };
    }
    return needs;
  } finally {
    await artifacts.dispose();
  }
}

interface Running {
  readonly context: Readonly<Record<string, unknown>>;
  readonly place: Place;
  readonly trigger: Trigger;
  /** A folder with a folder for each artifact. */
  readonly artifacts: string;
}

async function runJob(job: Job, { context, place, trigger, artifacts }: Running): Promise<JobRun> {
  await using checkout = await place.clone();
  const steps: Record<string, { outputs: Readonly<Record<string, string>> }> = {};
  const actions: Record<string, ActionResult> = {};
  let failed = false;
  for (const step of job.steps) {
    const known = { ...context, steps };
    if (!holds(step.if, known, failed)) continue;
    const inputs = Object.fromEntries(
      Object.entries(step.with ?? {}).map(([name, value]) => [name, filled(String(value), known)]),
    );
    const [uses] = step.uses.split('@') as [string];
    const verb = /^rastro-ml\/rastro\/actions\/(.+)$/.exec(uses)?.[1];
    if (verb) {
      const { eventName, event, ref } = trigger;
      const result = await place.act(verb, inputs, { directory: checkout.directory, eventName, event, ref });
      actions[verb] = result;
      if (step.id) steps[step.id] = { outputs: result.outputs };
      failed ||= result.exitCode !== 0;
    } else if (uses === 'actions/checkout') {
      await checkout.git('checkout', '--quiet', '--detach', trigger.checkout);
    } else if (uses === 'actions/upload-artifact') {
      await copy(inputs.path!, checkout.directory, join(artifacts, inputs.name!));
    } else if (uses === 'actions/download-artifact') {
      await cp(join(artifacts, inputs.name!), join(checkout.directory, inputs.path!), {
        recursive: true,
      });
    } else {
      throw new Error(`a step may not use ${step.uses}`);
    }
  }
  await endServers(checkout.directory);
  const outputs = Object.entries(job.outputs ?? {}).map(([name, value]) => [
    name,
    filled(value, { ...context, steps }),
  ]);
  return { result: failed ? 'failure' : 'success', outputs: Object.fromEntries(outputs), actions };
}

/** As the runner does with what a job leaves running. */
async function endServers(directory: string): Promise<void> {
  for await (const path of glob('.rastro/serve/*/*.json', { cwd: directory })) {
    process.kill(JSON.parse(await readFile(join(directory, path), 'utf8')).pid);
  }
}

/** As upload-artifact does: the files that a pattern names, without the folders before its first wildcard. */
async function copy(pattern: string, from: string, to: string): Promise<void> {
  const root = dirname(pattern.split('*')[0]!.concat('x'));
  for await (const path of glob(pattern, { cwd: from })) {
    const target = join(to, path.slice(root.length + 1));
    await mkdir(dirname(target), { recursive: true });
    await cp(join(from, path), target);
  }
}

function githubContext({ github }: Place, { eventName, event, ref }: Trigger) {
  return {
    event,
    event_name: eventName,
    ref,
    ref_name: ref.replace(/^refs\/(heads|tags|pull)\//, ''),
    repository: github.repository,
  };
}

/** A condition without a status function holds only while nothing failed. */
function holds(
  condition: string | undefined,
  context: Readonly<Record<string, unknown>>,
  failed: boolean,
): boolean {
  const asked = (condition ?? 'success()').replace(/^\$\{\{(.*)\}\}$/s, '$1').trim();
  const whole = /\b(success|failure|always|cancelled)\(\)/.test(asked) ? asked : `success() && (${asked})`;
  return evaluate(whole, context, failed).coerceString() === 'true';
}

function filled(text: string, context: Readonly<Record<string, unknown>>): string {
  return text.replaceAll(/\$\{\{(.*?)\}\}/gs, (_, expression: string) =>
    evaluate(expression.trim(), context, false).coerceString(),
  );
}

function evaluate(expression: string, context: Readonly<Record<string, unknown>>, failed: boolean) {
  const status = Object.entries({ success: !failed, failure: failed, always: true, cancelled: false }).map(
    ([name, value]) => ({ name, minArgs: 0, maxArgs: 0, call: () => new data.BooleanData(value) }),
  );
  const { tokens } = new Lexer(expression).lex();
  const parsed = new Parser(tokens, Object.keys(context), status).parse();
  const values = JSON.parse(JSON.stringify(context), data.reviver) as data.Dictionary;
  return new Evaluator(parsed, values, new Map(status.map((each) => [each.name, each]))).evaluate();
}
