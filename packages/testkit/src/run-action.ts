import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { execa } from 'execa';
import { type ActionDefinition, inputEnvironment, readActionDefinition } from './action-definition.ts';
import { git, inheritedEnvironment, isolatedGitEnvironment } from './git.ts';
import type { CacheAccess } from './results/cache-store.ts';
import { cacheAccess, runtimeToken } from './results/start-results.ts';
import { parseKeyValueFile } from './runner-files.ts';
import { temporaryDirectory } from './temporary-directory.ts';
import {
  type Annotation,
  annotationsOf,
  parseWorkflowCommands,
  type WorkflowCommand,
} from './workflow-commands.ts';

export interface ActionRun {
  /** Which of the suite's actions. */
  readonly verb: string;
  /** The checked-out repository: the workspace. */
  readonly directory: string;
  readonly inputs?: Readonly<Record<string, string>>;
  readonly eventName?: string;
  /** The webhook payload; its shape is GitHub's. */
  readonly event?: Readonly<Record<string, unknown>>;
  /** Where `github.*` points. Without it the action has no token and an API that answers nobody. */
  readonly github?: GitHubEndpoint;
  /** Artifacts belong to a run; by default all runs are the same one. */
  readonly runId?: number;
  /** The full name of the ref; by default the branch that is checked out. */
  readonly ref?: string;
  /** Added to the clean environment, over everything else. The tool cache is a new one unless RUNNER_TOOL_CACHE names it. */
  readonly env?: Readonly<Record<string, string>>;
  /** Kills the action (SIGKILL) when it fires, as a cancelled or lost runner would. */
  readonly signal?: AbortSignal;
  /** The folder that holds the actions; by default the suite's own. */
  readonly actions?: string;
}

/** What a run needs to know of a GitHub; `startGitHub` gives one. */
export interface GitHubEndpoint {
  readonly apiUrl: string;
  readonly url: string;
  readonly token: string;
  /** Where artifacts and caches go; without it the action can keep none. */
  readonly resultsUrl?: string;
  /** `owner/name`. */
  readonly repository: string;
}

export interface ActionResult {
  /** 137 when it was killed. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly outputs: Readonly<Record<string, string>>;
  /** Empty when it was too long for GitHub to keep. */
  readonly summary: string;
  readonly annotations: readonly Annotation[];
  readonly commands: readonly WorkflowCommand[];
  /** What the action exported for later steps. */
  readonly env: Readonly<Record<string, string>>;
  readonly state: Readonly<Record<string, string>>;
}

const suite = resolve(import.meta.dirname, '../../../actions');

/** Starts a bundled action as a process of its own, with the environment and files that the runner gives it. */
export async function runAction(run: ActionRun): Promise<ActionResult> {
  const action = await readActionDefinition(join(run.actions ?? suite, run.verb));
  const home = await temporaryDirectory('rastro-runner');
  try {
    const files = await makeRunnerFiles(home.path, run.event ?? {});
    const { exitCode, stdout, stderr } = await execa(process.execPath, [action.main], {
      cwd: run.directory,
      env: await runnerEnvironment({ run, action, home: home.path, files }),
      extendEnv: false,
      reject: false,
      stdin: 'ignore',
      killSignal: 'SIGKILL',
      ...(run.signal ? { cancelSignal: run.signal } : {}),
    });
    const commands = parseWorkflowCommands(`${stdout}\n${stderr}`);
    return {
      exitCode: exitCode ?? 137,
      stdout,
      stderr,
      outputs: parseKeyValueFile(await readFile(files.GITHUB_OUTPUT, 'utf8')),
      summary: await readSummary(files.GITHUB_STEP_SUMMARY),
      annotations: annotationsOf(commands),
      commands,
      env: parseKeyValueFile(await readFile(files.GITHUB_ENV, 'utf8')),
      state: parseKeyValueFile(await readFile(files.GITHUB_STATE, 'utf8')),
    };
  } finally {
    await home.dispose();
  }
}

/** GitHub drops a summary of more than 1 MiB as a whole. */
async function readSummary(file: string): Promise<string> {
  const bytes = await readFile(file);
  return bytes.length > 1024 * 1024 ? '' : bytes.toString('utf8');
}

type RunnerFiles = Awaited<ReturnType<typeof makeRunnerFiles>>;

async function makeRunnerFiles(home: string, event: Readonly<Record<string, unknown>>) {
  const files = {
    GITHUB_OUTPUT: join(home, 'output'),
    GITHUB_ENV: join(home, 'env'),
    GITHUB_STATE: join(home, 'state'),
    GITHUB_PATH: join(home, 'path'),
    GITHUB_STEP_SUMMARY: join(home, 'summary.md'),
  };
  for (const file of Object.values(files)) await writeFile(file, '');
  const eventPath = join(home, 'event.json');
  await writeFile(eventPath, JSON.stringify(event));
  return { ...files, GITHUB_EVENT_PATH: eventPath };
}

async function runnerEnvironment(context: {
  run: ActionRun;
  action: ActionDefinition;
  home: string;
  files: RunnerFiles;
}): Promise<Record<string, string>> {
  const { run, action, home, files } = context;
  const folders = { HOME: 'home', RUNNER_TEMP: 'temp', RUNNER_TOOL_CACHE: 'tools' };
  const paths: Record<string, string> = {};
  for (const [name, folder] of Object.entries(folders)) {
    paths[name] = join(home, folder);
    await mkdir(paths[name]);
  }
  const repository = run.github?.repository ?? `example/${basename(run.directory)}`;
  const sha = await whenBorn(run.directory, ['rev-parse', '--verify', 'HEAD']);
  const branch = await whenBorn(run.directory, ['symbolic-ref', '--quiet', 'HEAD']);
  const ref = run.ref ?? branch;
  const runId = String(run.runId ?? 1_000_001);
  const github = {
    token: run.github?.token ?? '',
    repository,
    workspace: run.directory,
    sha,
    ref,
    actor: 'ada',
    event: run.event ?? {},
    event_name: run.eventName ?? 'push',
  };
  return {
    ...inheritedEnvironment(),
    ...isolatedGitEnvironment,
    ...npmEnvironment(),
    ...paths,
    ...files,
    ...inputEnvironment(action, run.inputs ?? {}, github),
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    GITHUB_ACTION: `__${run.verb}`,
    GITHUB_ACTION_PATH: action.directory,
    GITHUB_ACTION_REPOSITORY: '',
    GITHUB_ACTOR: 'ada',
    GITHUB_ACTOR_ID: '1001',
    GITHUB_TRIGGERING_ACTOR: 'ada',
    // Port 9 discards: whoever asks a GitHub that was not given is refused at once.
    GITHUB_API_URL: run.github?.apiUrl ?? 'http://127.0.0.1:9',
    GITHUB_GRAPHQL_URL: `${run.github?.apiUrl ?? 'http://127.0.0.1:9'}/graphql`,
    GITHUB_SERVER_URL: serverUrl(run.github),
    GITHUB_BASE_REF: refOf(run.event, 'base'),
    GITHUB_HEAD_REF: refOf(run.event, 'head'),
    GITHUB_EVENT_NAME: run.eventName ?? 'push',
    GITHUB_JOB: 'job',
    GITHUB_REF: ref,
    GITHUB_REF_NAME: ref.replace(/^refs\/(heads|tags|pull)\//, ''),
    GITHUB_REF_TYPE: ref.startsWith('refs/tags/') ? 'tag' : 'branch',
    GITHUB_REPOSITORY: repository,
    GITHUB_REPOSITORY_ID: '1',
    GITHUB_REPOSITORY_OWNER: repository.split('/')[0] ?? '',
    GITHUB_REPOSITORY_OWNER_ID: '1',
    GITHUB_RETENTION_DAYS: '90',
    GITHUB_RUN_ATTEMPT: '1',
    GITHUB_RUN_ID: runId,
    GITHUB_RUN_NUMBER: '1',
    GITHUB_SHA: sha,
    GITHUB_WORKFLOW: 'test',
    GITHUB_WORKFLOW_REF: `${repository}/.github/workflows/test.yml@${ref}`,
    GITHUB_WORKFLOW_SHA: sha,
    GITHUB_WORKSPACE: run.directory,
    RUNNER_ARCH: process.arch === 'arm64' ? 'ARM64' : 'X64',
    RUNNER_ENVIRONMENT: 'self-hosted',
    RUNNER_NAME: 'loopback',
    RUNNER_OS: { darwin: 'macOS', win32: 'Windows' }[process.platform as string] ?? 'Linux',
    ...resultsEnvironment(run.github, runId, cacheAccess(ref, refOf(run.event, 'base'))),
    ...run.env,
  };
}

/** Native parts come from the registry, and by the way, that this machine's npm is configured for. */
function npmEnvironment(): Record<string, string> {
  const passed = /^(npm_config_registry|https?_proxy|no_proxy|node_extra_ca_certs)$/i;
  const given = Object.entries(process.env).filter(([name]) => passed.test(name)) as [string, string][];
  const userConfig = process.env.NPM_CONFIG_USERCONFIG ?? join(homedir(), '.npmrc');
  return { ...Object.fromEntries(given), NPM_CONFIG_USERCONFIG: userConfig };
}

/** The artifact client works only with GitHub's own hosts and with names below `localhost`. */
function serverUrl(github: GitHubEndpoint | undefined): string {
  return (github?.url ?? 'http://127.0.0.1:9').replace('//127.0.0.1', '//github.localhost');
}

function resultsEnvironment(
  github: GitHubEndpoint | undefined,
  runId: string,
  access: readonly CacheAccess[],
): Record<string, string> {
  if (!github?.resultsUrl) return {};
  return {
    ACTIONS_RESULTS_URL: github.resultsUrl,
    ACTIONS_RUNTIME_TOKEN: runtimeToken(runId, access),
    ACTIONS_CACHE_SERVICE_V2: 'True',
  };
}

/** A repository without a commit has no HEAD to ask for, and a detached one no branch. */
async function whenBorn(directory: string, args: string[]): Promise<string> {
  return git(directory, args).catch(() => '');
}

function refOf(event: Readonly<Record<string, unknown>> | undefined, side: 'base' | 'head'): string {
  const request = event?.pull_request as Record<string, { ref?: string }> | undefined;
  return request?.[side]?.ref ?? '';
}
