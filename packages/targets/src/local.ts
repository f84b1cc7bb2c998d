import { spawn } from 'node:child_process';
import { copyFile, mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fault, OutsideError } from '@rastro/fault';
import type { Deployer } from '@rastro/usecases';
import { z } from 'zod';

export interface LocalTargetOptions {
  readonly environment: string;
  /** 0 takes a free port; a redeployment keeps the port that it finds. */
  readonly port: number;
  /** Absolute path of the repository; state lives under `.rastro/serve/<environment>` in it. */
  readonly root: string;
  /** The command line that serves, without the options of one model: `[node, cli.js, 'serve']`. */
  readonly serve: readonly string[];
}

/** What the target knows of the server that runs; written when it answers. */
const State = z.strictObject({
  pid: z.number().int(),
  url: z.string(),
  version: z.string(),
  sha256: z.string(),
  file: z.string(),
});
type State = z.infer<typeof State>;

/** A server that does not answer within this time has failed to start. */
const START_TIMEOUT = 30_000;

/**
 * The embedded target: a detached process of our own on this machine that serves the model over the Open Inference
 * Protocol. One process for each model and environment; deploying replaces it.
 */
export function localTarget({ environment, port, root, serve }: LocalTargetOptions): Deployer {
  const folder = join(root, '.rastro', 'serve', environment);
  const stateFile = (model: string) => join(folder, `${fileName(model)}.json`);

  return {
    kind: 'local',

    async deploy({ model, version, sha256, file }) {
      await mkdir(folder, { recursive: true });
      await writeFile(join(root, '.rastro', '.gitignore'), '*\n');
      const previous = await readState(stateFile(model));
      const own = join(folder, `${fileName(model)}-${sha256}.onnx`);
      if (file !== own) await copyFile(file, own);
      if (previous) await stop(previous, model);
      const log = join(folder, `${fileName(model)}.log`);
      const samePort = previous ? Number(new URL(previous.url).port) : port;
      const ready = join(folder, `${fileName(model)}.ready`);
      await rm(ready, { force: true });
      const output = await open(log, 'w');
      const [program, ...leading] = serve as [string, ...string[]];
      const child = spawn(
        program,
        [
          ...leading,
          '--file',
          own,
          '--name',
          model,
          '--model-version',
          version,
          '--port',
          String(samePort),
          '--ready-file',
          ready,
        ],
        {
          detached: true,
          env: serverEnvironment(process.env),
          stdio: ['ignore', output.fd, output.fd],
          cwd: root,
        },
      );
      await output.close();
      const url = await untilReady(ready, child, log);
      child.unref();
      const state: State = { pid: child.pid!, url, version, sha256, file: own };
      await writeFile(`${stateFile(model)}.tmp`, `${JSON.stringify(state, null, 2)}\n`);
      await rename(`${stateFile(model)}.tmp`, stateFile(model));
      return { url };
    },

    async smokeTest({ model, version, sha256 }) {
      const state = await readState(stateFile(model));
      if (!state) return 'nothing is deployed';
      try {
        const health = await fetch(`${state.url}/v2/health/ready`);
        if (!health.ok) return `the server is not ready: ${health.status}`;
        const described = await fetch(`${state.url}/v2/models/${encodeURI(model)}`);
        if (!described.ok) return `the server does not know the model: ${described.status}`;
        const metadata = Metadata.parse(await described.json());
        if (metadata.parameters.sha256 !== sha256)
          return `it serves ${metadata.parameters.sha256}, not ${sha256}`;
        if (!metadata.versions.includes(version))
          return `it serves version ${metadata.versions.join(', ')}, not ${version}`;
        return await inferOnce(state.url, model, metadata);
      } catch (error) {
        return `the server does not answer: ${(error as Error).message}`;
      }
    },

    async withdraw(model) {
      const state = await readState(stateFile(model));
      if (!state) return;
      await stop(state, model);
      await rm(stateFile(model), { force: true });
    },

    async current(model) {
      const state = await readState(stateFile(model));
      return state ? { version: state.version, sha256: state.sha256, file: state.file } : undefined;
    },
  };
}

/**
 * The environment of the server: none of the step's inputs, tokens or files. Without the runner's tracking id a self-hosted
 * runner leaves the server alone when the job ends.
 */
function serverEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^(INPUT_|GITHUB_|GH_|ACTIONS_|RUNNER_TRACKING_ID$)/.test(name)),
  );
}

const Tensor = z.object({ name: z.string(), datatype: z.string(), shape: z.array(z.number()) });
const Metadata = z.object({
  versions: z.array(z.string()),
  parameters: z.object({ sha256: z.string() }),
  inputs: z.array(Tensor),
});

/** Asks for one answer on a row of zeros or empty texts: that the model runs, not that it is right. */
async function inferOnce(
  url: string,
  model: string,
  { inputs }: z.infer<typeof Metadata>,
): Promise<string | undefined> {
  const response = await fetch(`${url}/v2/models/${encodeURI(model)}/infer`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      inputs: inputs.map(({ name, datatype, shape }) => {
        const one = shape.map((dimension) => (dimension < 0 ? 1 : dimension));
        const blank = datatype === 'BYTES' ? '' : datatype === 'BOOL' ? false : 0;
        return {
          name,
          datatype,
          shape: one,
          data: Array(one.reduce((product, dimension) => product * dimension, 1)).fill(blank),
        };
      }),
    }),
  });
  return response.ok
    ? undefined
    : `an inference failed with ${response.status}: ${(await response.text()).slice(0, 200)}`;
}

async function untilReady(ready: string, child: ReturnType<typeof spawn>, log: string): Promise<string> {
  let ended: string | undefined;
  child.once('error', (error) => {
    ended = error.message;
  });
  child.once('exit', (code) => {
    ended = `it ended with exit code ${code}`;
  });
  const deadline = Date.now() + START_TIMEOUT;
  while (Date.now() < deadline) {
    const url = await readFile(ready, 'utf8').catch(() => '');
    if (url.endsWith('\n')) return url.trim();
    if (ended) break;
    await sleep(50);
  }
  if (!ended) child.kill();
  const said = (await readFile(log, 'utf8').catch(() => '')).trim().split('\n').slice(-5).join('\n');
  throw new OutsideError(
    fault(
      'serve-failed',
      `the local server did not start: ${ended ?? 'no answer in time'}${said ? `\n${said}` : ''}`,
      undefined,
      'Is the port free? See the log for more.',
    ),
  );
}

/** Ends the server of a state and waits until it has. A process id may have been given away since: only who answers is ended. */
async function stop({ pid, url, sha256 }: State, model: string): Promise<void> {
  const answer = await fetch(`${url}/v2/models/${encodeURI(model)}`).catch(() => undefined);
  const metadata = answer?.ok ? Metadata.safeParse(await answer.json()) : undefined;
  if (!metadata?.success || metadata.data.parameters.sha256 !== sha256) return;
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (!send(pid, signal)) return;
    for (let wait = 0; wait < 40; wait++) {
      await sleep(50);
      if (!send(pid, 0)) return;
    }
  }
}

function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}

async function readState(file: string): Promise<State | undefined> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  return text === undefined ? undefined : State.parse(JSON.parse(text));
}

function fileName(model: string): string {
  return model.replaceAll('/', '__');
}
