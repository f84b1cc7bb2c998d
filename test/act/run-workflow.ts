import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { cacheAccess, git, isolatedGitEnvironment, runtimeToken, temporaryDirectory } from '@rastro/testkit';
import { root } from '../docs/action-files.ts';
import { TOOLS } from '../place.ts';

/** What a run of act needs besides the workflow. */
export interface Runner {
  /** The program. */
  readonly act: string;
  /** What is put in the place of `rastro-ml/rastro@v1`. */
  readonly suite: string;
  readonly github: {
    readonly url: string;
    readonly apiUrl: string;
    readonly resultsUrl: string;
    readonly repository: string;
  };
  /** The bare repository behind that GitHub. */
  readonly remote: string;
  /** Folder of a Python for `actions/setup-python` to find. */
  readonly python?: string;
  /** What a runner of one's own keeps between jobs. */
  readonly keptWorkspace?: string;
}

export interface WorkflowRun {
  /** Path of the workflow in the repository. */
  readonly workflow: string;
  readonly eventName: string;
  readonly event: Readonly<Record<string, unknown>>;
  /** The commit that the run is about, which also holds the workflow. */
  readonly commit: string;
  readonly token: string;
  readonly runId: number;
  readonly actor?: string;
}

export interface StepResult {
  readonly job: string;
  /** `validate`, for a step that uses that action of the suite; else its name. */
  readonly step: string;
  readonly result: string;
}

export interface WorkflowResult {
  readonly succeeded: boolean;
  /** Jobs that ran, by name, each with its result. */
  readonly jobs: Readonly<Record<string, string>>;
  /** Steps in the order in which they ended; those that were skipped are not among them. */
  readonly steps: readonly StepResult[];
  /** What the jobs said. */
  readonly log: string;
}

const standIns = join(root, 'test/act/actions');

/** Runs a workflow as a push or another event would, with nektos/act, on this machine, without containers. */
export async function runWorkflow(runner: Runner, run: WorkflowRun): Promise<WorkflowResult> {
  const home = await temporaryDirectory('rastro-act');
  try {
    const checkout = join(home.path, 'checkout');
    await git(home.path, ['clone', '--quiet', '--no-checkout', runner.remote, checkout]);
    await git(checkout, ['checkout', '--quiet', '--detach', run.commit]);
    // By this address act tells which repository it is in; nothing is fetched from it.
    await git(checkout, [
      'remote',
      'set-url',
      'origin',
      `https://github.com/${runner.github.repository}.git`,
    ]);
    const eventFile = join(home.path, 'event.json');
    await writeFile(eventFile, JSON.stringify(run.event));
    const { code, stdout, stderr } = await execute(
      runner.act,
      argumentsOf(runner, run, checkout, eventFile),
      {
        cwd: checkout,
        env: await environmentOf(run, home.path),
      },
    );
    return { succeeded: code === 0, ...readLog(stdout), log: `${spoken(stdout)}\n${stderr}` };
  } finally {
    await home.dispose();
  }
}

function argumentsOf(runner: Runner, run: WorkflowRun, checkout: string, eventFile: string): string[] {
  const { github } = runner;
  const used = usedActions(join(checkout, run.workflow), runner.suite);
  const mapped = [
    [`rastro-ml/rastro@v1`, runner.suite],
    ...used.map((name) => [name, join(standIns, name.split('/')[1]!.split('@')[0]!)]),
  ];
  const env = {
    GITHUB_API_URL: github.apiUrl,
    // The artifact client works with names below `localhost` only.
    GITHUB_SERVER_URL: github.url.replace('//127.0.0.1', '//github.localhost'),
    GITHUB_RUN_ID: String(run.runId),
    ACTIONS_RESULTS_URL: github.resultsUrl,
    ACTIONS_RUNTIME_TOKEN: runtimeToken(String(run.runId), cacheAccess(refOf(run), baseOf(run))),
    ACTIONS_CACHE_SERVICE_V2: 'True',
    ACT_ARTIFACT_CLIENT: artifactClient(),
    ...(runner.python ? { ACT_PYTHON: runner.python } : {}),
    ...(runner.keptWorkspace ? { ACT_KEPT_WORKSPACE: runner.keptWorkspace } : {}),
    ...isolatedGitEnvironment,
  };
  return [
    run.eventName,
    ...['--workflows', run.workflow, '--eventpath', eventFile, '--actor', run.actor ?? 'ada', '--json'],
    ...['--platform', 'ubuntu-latest=-self-hosted', '--platform', 'self-hosted=-self-hosted'],
    ...['--no-skip-checkout', '--no-cache-server', '--defaultbranch', 'main', '--secret', 'GITHUB_TOKEN'],
    ...mapped.flatMap(([name, folder]) => ['--local-repository', `${name}=${folder}`]),
    ...Object.entries(env).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
  ];
}

interface PullRequestEvent {
  readonly number?: number;
  readonly pull_request?: { readonly base: { readonly ref: string } };
}

/** The ref that GitHub would run on. */
function refOf({ eventName, event }: WorkflowRun): string {
  const { number } = event as PullRequestEvent;
  return eventName === 'pull_request' ? `refs/pull/${number}/merge` : 'refs/heads/main';
}

function baseOf({ event }: WorkflowRun): string | undefined {
  return (event as PullRequestEvent).pull_request?.base.ref;
}

/** The actions of others that a workflow uses, and those of the reusable workflows that it calls. */
function usedActions(file: string, suite: string): string[] {
  const text = readFileSync(file, 'utf8');
  const called = [...text.matchAll(/\buses: rastro-ml\/rastro\/(\.github\/workflows\/[\w-]+\.yml)@v1/g)];
  return [
    ...new Set([
      ...[...text.matchAll(/\buses: (actions\/[\w-]+@\S+)/g)].map(([, name]) => name!),
      ...called.flatMap(([, path]) => usedActions(join(suite, path!), suite)),
    ]),
  ];
}

async function environmentOf(run: WorkflowRun, home: string): Promise<NodeJS.ProcessEnv> {
  const kept = ['LANG', 'TMPDIR', 'NPM_CONFIG_REGISTRY', 'HTTPS_PROXY', 'NO_PROXY', 'NODE_EXTRA_CA_CERTS'];
  // act says itself where the tool cache is: here, whatever the environment says.
  await mkdir(join(home, 'home/.cache/act'), { recursive: true });
  await symlink(TOOLS, join(home, 'home/.cache/act/tool_cache'));
  return {
    ...Object.fromEntries(kept.map((name) => [name, process.env[name]])),
    // act runs node24 actions with the first `node` on the path.
    PATH: [join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter),
    HOME: join(home, 'home'),
    NPM_CONFIG_USERCONFIG: process.env.NPM_CONFIG_USERCONFIG ?? join(homedir(), '.npmrc'),
    GITHUB_TOKEN: run.token,
    ...isolatedGitEnvironment,
  };
}

/** The official client of the artifact service, from the package that depends on it. */
function artifactClient(): string {
  const folder = join(root, 'packages/testkit/node_modules/@actions/artifact');
  const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return pathToFileURL(join(folder, exports['.'].import)).href;
}

interface LogLine {
  readonly job?: string;
  readonly jobID?: string;
  readonly msg?: string;
  readonly step?: string;
  readonly stepResult?: string;
  readonly jobResult?: string;
  readonly stage?: string;
}

function lines(stdout: string): LogLine[] {
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as LogLine);
}

function spoken(stdout: string): string {
  return lines(stdout)
    .map(({ jobID = '', msg = '' }) => `[${jobID}] ${msg.trimEnd()}`)
    .join('\n');
}

function readLog(stdout: string): Pick<WorkflowResult, 'jobs' | 'steps'> {
  const jobs: Record<string, string> = {};
  const steps: StepResult[] = [];
  for (const { jobID = '', step = '', stepResult, jobResult, stage } of lines(stdout)) {
    if (jobResult) jobs[jobID] = jobResult;
    if (stepResult && stepResult !== 'skipped' && stage === 'Main')
      steps.push({ job: jobID, step: shortName(step), result: stepResult });
  }
  return { jobs, steps };
}

function shortName(step: string): string {
  return /^(?:rastro-ml\/rastro\/)?actions\/([a-z-]+)@/.exec(step)?.[1] ?? step;
}

function execute(
  program: string,
  args: readonly string[],
  options: { cwd: string; env: NodeJS.ProcessEnv },
): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(program, args, { ...options, maxBuffer: 64 << 20 }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code ?? -1) : 0, stdout, stderr }),
    );
  });
}
