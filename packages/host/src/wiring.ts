import { createHash } from 'node:crypto';
import type { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fault, InputError } from '@rastro/fault';
import { openWorkspace } from '@rastro/store';
import type { Ports, Progress, RunContext } from '@rastro/usecases';
import { commandRunner } from './command-runner.ts';
import { serveCommandLine } from './serve-command-line.ts';
import { trailCrypto } from './trail-crypto.ts';
import { embeddedTrainer } from './trainer.ts';

export interface Wiring {
  /** Absolute path of the folder with `rastro.yaml`. */
  readonly directory: string;
  /** Asked once the folder is known to be there. */
  readonly context: () => Promise<RunContext>;
  readonly token: string | undefined;
  readonly apiUrl: string | undefined;
  readonly progress: Progress;
  readonly onRunner: boolean;
  /** Where a user's command's own output goes. */
  readonly output: Writable;
}

/** The ports of one run, and the way to let go of what they opened. */
export interface WiredPorts {
  readonly ports: Ports;
  close(): Promise<void>;
}

/** Puts the real adapters behind the ports. Each is imported, and its native part loaded, at first use only. */
export async function wirePorts(wiring: Wiring): Promise<WiredPorts> {
  const { progress } = wiring;
  const workspace = await openWorkspace(wiring.directory);
  const context = await wiring.context();
  const data = once(async () => {
    const { createDuckDbEngine, loadDuckDb } = await import('@rastro/engine');
    return createDuckDbEngine({ load: () => loadDuckDb({ onFetch: progress.step }) });
  });
  const runtime = once(async () => {
    const { createOnnxRuntime, loadOnnxRuntime, locateOnnxRuntime } = await import('@rastro/engine');
    return createOnnxRuntime({
      load: () => loadOnnxRuntime({ onFetch: progress.step }),
      locate: locateOnnxRuntime,
    });
  });
  const repository = once(async () => {
    const { openRepository } = await import('@rastro/git');
    return openRepository(workspace.root, wiring.token ? { token: wiring.token } : {});
  });
  const clone = once(async () => {
    const { openRepository } = await import('@rastro/git');
    return openRepository(workspace.root, { offline: true });
  });
  const forge = once(async () => {
    if (!wiring.token) throw tokenMissing(wiring.onRunner);
    const [owner, repo] = (context.slug ?? '').split('/');
    if (!owner || !repo) throw repositoryUnknown();
    const { createForge } = await import('@rastro/github');
    return createForge({
      token: wiring.token,
      repository: { owner, repo },
      apiUrl: wiring.apiUrl ?? 'https://api.github.com',
    });
  });
  const gitlab = once(async () => {
    const { mergeRequestBoard } = await import('@rastro/gitlab');
    return mergeRequestBoard({
      apiUrl: process.env.CI_API_V4_URL ?? 'https://gitlab.com/api/v4',
      project: process.env.CI_PROJECT_ID,
      token: process.env.GITLAB_TOKEN,
    });
  });
  const artifacts = once(async () => {
    const { runArtifacts } = await import('./artifacts.ts');
    return runArtifacts({ context, token: wiring.token, env: process.env });
  });
  const cache = once(async () => {
    const { runCache } = await import('./run-cache.ts');
    return runCache({ root: workspace.root, env: process.env });
  });
  const ports: Ports = {
    context,
    workspace,
    progress,
    clock: { now: () => Date.now(), sleep },
    commands: commandRunner({ onRunner: wiring.onRunner, output: wiring.output, token: wiring.token }),
    sha256: (content) => createHash('sha256').update(content).digest('hex'),
    crypto: trailCrypto,
    data: data.get,
    runtime: runtime.get,
    repository: repository.get,
    clone: clone.get,
    forge: forge.get,
    gitlab: gitlab.get,
    artifacts: artifacts.get,
    cache: cache.get,
    trainer: async () => embeddedTrainer(data.get),
    async deployer(target) {
      const { localTarget } = await import('@rastro/targets');
      return localTarget({
        environment: target.environment,
        port: target.port,
        root: workspace.root,
        serve: serveCommandLine(),
      });
    },
  };
  return { ports, close: async () => (await data.peek())?.close() };
}

/** Makes a value at the first call and gives the same one ever after. */
function once<T>(make: () => Promise<T>): { get: () => Promise<T>; peek: () => Promise<T> | undefined } {
  let made: Promise<T> | undefined;
  return {
    get: () => {
      made ??= make();
      return made;
    },
    peek: () => made,
  };
}

function tokenMissing(onRunner: boolean): InputError {
  return new InputError(
    fault(
      'token-missing',
      'there is no token for GitHub',
      undefined,
      onRunner
        ? `Give the input "token", or leave it out to use $${'{{ github.token }}'}.`
        : 'Set the environment variable GITHUB_TOKEN.',
    ),
  );
}

function repositoryUnknown(): InputError {
  return new InputError(
    fault(
      'repository-unknown',
      'it is not known which GitHub repository this is',
      undefined,
      'Set GITHUB_REPOSITORY to owner/name, or the remote "origin" to the repository on GitHub.',
    ),
  );
}
