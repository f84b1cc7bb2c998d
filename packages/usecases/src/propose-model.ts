import { fault, InputError } from '@rastro/fault';
import { trainLockPath } from '@rastro/lineage';
import { COMMENT_BUDGET, type Report, renderMarkdown } from '@rastro/report';
import { recordPath } from './evaluate.ts';
import type { NewFile, Ports } from './ports/index.ts';
import type { NamedModel } from './project.ts';

/** A change to a model that a person is to decide on. */
export interface Proposal {
  readonly branch: string;
  /** Of the pull request and of the commit. */
  readonly title: string;
  /** Over the reports. */
  readonly heading: string;
  /** What the commit says besides its title. */
  readonly why: string;
  /** The files that may have changed. */
  readonly paths: readonly string[];
  readonly reports: readonly Report[];
}

/** The files that training and evaluating a model write. */
export function madeBy({ name, file, config }: NamedModel): string[] {
  return [file, trainLockPath(name), recordPath(name), ...(config.train?.outputs ?? [])];
}

/**
 * Commits what changed on a branch on top of the default one, and opens a pull request, or finds the open one. The same files on
 * the same base make the same commit, so that doing it again changes nothing. Resolves with the address of the pull request.
 */
export async function proposeModel(proposal: Proposal, ports: Ports): Promise<string> {
  const { branch, title, heading, why, paths, reports } = proposal;
  const repository = await ports.repository();
  const base = await repository.defaultBranch();
  if (!base) {
    throw new InputError(
      fault(
        'no-default-branch',
        'the default branch of this repository is not known',
        undefined,
        'Push the repository first.',
      ),
    );
  }
  const committed = await repository.commitInfo(base.commit);
  const { status } = await repository.pushBranch({
    branch,
    base: base.commit,
    files: await filesForGit(paths, ports),
    message: `${title}\n\n${why}`,
    author: ports.context.identity,
    at: committed?.committedAt ?? Math.floor(ports.clock.now() / 1000),
  });
  if (status === 'foreign') {
    ports.progress.step(`${branch}: somebody has committed to it; it is left as it is`);
  }
  const body = renderMarkdown(reports, { budget: COMMENT_BUDGET, title: heading });
  const forge = await ports.forge();
  const { url } = await forge.ensurePullRequest({ branch, base: base.name, title, body });
  return url;
}

/** What the pull request carries: changed files that Git would take, so none that the repository ignores. */
async function filesForGit(paths: readonly string[], { workspace, repository }: Ports): Promise<NewFile[]> {
  const dirty = new Set(await (await repository()).dirty(paths));
  const files: NewFile[] = [];
  for (const path of paths.filter((candidate) => dirty.has(candidate))) {
    const content = await workspace.readBytes(path);
    if (content) files.push({ path, content });
  }
  return files;
}
