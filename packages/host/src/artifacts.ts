import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fault, InputError, OutsideError } from '@rastro/fault';
import type { Artifacts, RunContext } from '@rastro/usecases';
import { readTextArchive } from './text-archive.ts';

/** Of the archive as it is downloaded: far more than reports need, and little enough to read at once. */
const MAX_BYTES = 32 * 1024 * 1024;

/** The artifacts of this workflow run, and of one that it follows. The client is loaded at first use only. */
export function runArtifacts(options: {
  context: RunContext;
  token: string | undefined;
  env: Readonly<Record<string, string | undefined>>;
}): Artifacts {
  const { context, token, env } = options;
  return {
    async keep({ name, files }) {
      if (!env.ACTIONS_RUNTIME_TOKEN || !env.ACTIONS_RESULTS_URL) return undefined;
      return inTemporaryFolder(env, async (folder) => {
        const paths = await Promise.all(
          files.map(async (file) => {
            const path = join(folder, file.name);
            await mkdir(dirname(path), { recursive: true });
            await writeFile(path, file.text);
            return path;
          }),
        );
        const { id } = await upload(name, paths, folder);
        return { url: id === undefined || !context.runUrl ? undefined : `${context.runUrl}/artifacts/${id}` };
      });
    },
    async read({ run, name }) {
      const [repositoryOwner, repositoryName] = (context.slug ?? '').split('/');
      if (!token || !repositoryOwner || !repositoryName) {
        throw new InputError(
          fault(
            'token-missing',
            'there is no token to read the artifact of another run with',
            undefined,
            'Leave the input "token" at its default, and give the job `permissions: actions: read`.',
          ),
        );
      }
      const findBy = { token, workflowRunId: run, repositoryOwner, repositoryName };
      return inTemporaryFolder(env, async (path) => {
        const archive = await download(name, { path, findBy });
        return archive && readTextArchive(archive, name);
      });
    },
  };
}

async function upload(name: string, paths: string[], root: string) {
  const { DefaultArtifactClient } = await import('@actions/artifact');
  const client = new DefaultArtifactClient();
  try {
    return await client.uploadArtifact(name, paths, root);
  } catch (error) {
    if (!isTaken(error)) throw notKept(name, error);
  }
  try {
    // An artifact cannot be changed: what an earlier job of this run kept under this name goes.
    await client.deleteArtifact(name);
    return await client.uploadArtifact(name, paths, root);
  } catch (error) {
    throw notKept(name, error);
  }
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && /already[ _]exists|409/iu.test(error.message);
}

function notKept(name: string, error: unknown): OutsideError {
  return new OutsideError(
    fault(
      'artifact-not-kept',
      `the artifact ${name} could not be kept: ${messageOf(error)}`,
      undefined,
      'Run the job again.',
    ),
    { cause: error },
  );
}

interface Download {
  readonly path: string;
  readonly findBy: {
    readonly token: string;
    readonly workflowRunId: number;
    readonly repositoryOwner: string;
    readonly repositoryName: string;
  };
}

/** The bytes of the archive as they are; undefined when the run has no such artifact. */
async function download(name: string, { path, findBy }: Download): Promise<Buffer | undefined> {
  const { DefaultArtifactClient } = await import('@actions/artifact');
  const client = new DefaultArtifactClient();
  try {
    const { artifacts } = await client.listArtifacts({ findBy, latest: true });
    const artifact = artifacts.find((candidate) => candidate.name === name);
    if (!artifact) return undefined;
    if (artifact.size > MAX_BYTES) throw tooLarge(name, artifact.size);
    await client.downloadArtifact(artifact.id, { path, findBy, skipDecompress: true });
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new OutsideError(
      fault(
        'artifact-not-read',
        `the artifact ${name} of run ${findBy.workflowRunId} could not be read: ${messageOf(error)}`,
        undefined,
        'Give the job `permissions: actions: read`, then run it again.',
      ),
      { cause: error },
    );
  }
  const [file] = await readdir(path);
  if (file === undefined) return undefined;
  const { size } = await stat(join(path, file));
  if (size > MAX_BYTES) throw tooLarge(name, size);
  return readFile(join(path, file));
}

function tooLarge(name: string, size: number): InputError {
  return new InputError(
    fault(
      'artifact-too-large',
      `the artifact ${name} may have ${MAX_BYTES} bytes, this has ${size}`,
      undefined,
      'Leave what is not a report out of the artifact.',
    ),
  );
}

async function inTemporaryFolder<T>(
  env: Readonly<Record<string, string | undefined>>,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(env.RUNNER_TEMP ?? tmpdir(), 'rastro-artifact-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
