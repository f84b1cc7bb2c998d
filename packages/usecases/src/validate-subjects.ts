import { type CheckedFile, type Contract, readContract } from '@rastro/contract';
import type { Document } from '@rastro/document';
import { fault, InputError, place } from '@rastro/fault';
import type { LockedFile } from '@rastro/lineage';
import type { Workspace } from './ports/index.ts';
import { datasetPaths, findProject, loadProject, lockedFiles, pickDataset } from './project.ts';

/** A dataset and the contract that it is held to. */
export interface Subject {
  readonly name: string;
  readonly contract: Document<Contract>;
  /** The globs that its files were found by. */
  readonly globs: readonly string[];
  readonly paths: readonly string[];
  /** Its files with their digests, which are made when they are first asked for: not every check needs them. */
  readonly files: () => Promise<readonly LockedFile[]>;
  /** A dataset of rastro.yaml leaves a lock; files that were given by hand do not. */
  readonly isNamed: boolean;
}

/**
 * What is to be checked: datasets by name, files under a contract, or everything that has a contract.
 * @throws InputError when a contract or data is missing.
 */
export async function subjectsOf(
  { data, contract }: { readonly data: readonly string[]; readonly contract?: string | undefined },
  workspace: Workspace,
): Promise<Subject[]> {
  return contract === undefined
    ? datasetsOfProject(data, workspace)
    : [...(await underContract(data, contract, workspace))];
}

async function underContract(
  data: readonly string[],
  file: string,
  workspace: Workspace,
): Promise<Subject[]> {
  const contract = await loadContract(workspace, file);
  const project = await findProject(workspace);
  if (project && data.length > 0 && data.every((name) => project.value.data[name])) {
    return Promise.all(
      data.map(async (name) => {
        const config = pickDataset(project, name);
        const paths = await datasetPaths(workspace, name, config);
        return { name, contract, globs: [config.path].flat(), ...filesAt(paths, workspace), isNamed: true };
      }),
    );
  }
  const globs = data.length > 0 ? data : ownGlobs(contract);
  const name = data.length > 0 ? data.join(', ') : (contract.value.name ?? file);
  const paths = await pathsOf(globs, contract, workspace);
  return [{ name, contract, globs, ...filesAt(paths, workspace), isNamed: false }];
}

function ownGlobs(contract: Document<Contract>): string[] {
  const { path } = contract.value.source;
  if (path !== undefined) return [path].flat();
  throw new InputError(
    fault(
      'missing-input',
      'a contract was given, but no data',
      contract.placeOfKey(['source']),
      'Give "data" too: files, globs or the name of a dataset; or write "path" in the source of the contract.',
    ),
  );
}

function filesAt(paths: readonly string[], workspace: Workspace): Pick<Subject, 'paths' | 'files'> {
  let files: Promise<LockedFile[]> | undefined;
  return {
    paths,
    files: () => {
      files ??= lockedFiles(workspace, paths);
      return files;
    },
  };
}

async function pathsOf(
  globs: readonly string[],
  contract: Document<Contract>,
  workspace: Workspace,
): Promise<string[]> {
  const paths = await workspace.list(globs);
  if (paths.length > 0) return paths;
  const isStated = [contract.value.source.path ?? []].flat().join() === globs.join();
  const where = isStated ? contract.placeOf(['source', 'path']) : place(globs[0]!);
  throw new InputError(
    fault(
      'data-missing',
      `no file matches ${globs.join(', ')}`,
      where,
      'Fetch the data, or correct the path.',
    ),
  );
}

async function datasetsOfProject(data: readonly string[], workspace: Workspace): Promise<Subject[]> {
  const project = await findProject(workspace);
  if (!project && data.length === 0) {
    const stated = await contractsThatStateData(workspace);
    if (stated.length > 0) return stated;
  }
  const { value, placeOf } = project ?? (await loadProject(workspace));
  const asked = data.length === 0 ? Object.keys(value.data) : data;
  const subjects: Subject[] = [];
  for (const name of asked) {
    const config = pickDataset(project!, name);
    const file = config.contract ?? `contracts/${name}.yaml`;
    const isStated = config.contract !== undefined || data.length > 0;
    if (!isStated && (await workspace.digest(file)) === undefined) continue;
    subjects.push({
      name,
      contract: await loadContract(workspace, file),
      globs: [config.path].flat(),
      ...filesAt(await datasetPaths(workspace, name, config), workspace),
      isNamed: true,
    });
  }
  if (subjects.length > 0) return subjects;
  throw new InputError(
    fault(
      'no-contracts',
      'no dataset has a contract',
      placeOf(['data']),
      'Write contracts/<dataset>.yaml, or name one under "contract:".',
    ),
  );
}

/** Where there is no rastro.yaml: the contracts under `contracts/` that say themselves where their data is. */
async function contractsThatStateData(workspace: Workspace): Promise<Subject[]> {
  const files = await workspace.list(['contracts/*.yaml', 'contracts/*.yml']);
  const contracts = await Promise.all(files.map((file) => loadContract(workspace, file)));
  return Promise.all(
    contracts
      .filter(({ value }) => value.source.path !== undefined)
      .map(async (contract) => {
        const globs = ownGlobs(contract);
        const name = contract.value.name ?? contract.file;
        const paths = await pathsOf(globs, contract, workspace);
        return { name, contract, globs, ...filesAt(paths, workspace), isNamed: false };
      }),
  );
}

/** @throws InputError when it is missing or wrong. */
export async function loadContract(workspace: Workspace, file: string): Promise<Document<Contract>> {
  const text = await workspace.readText(file);
  if (text !== undefined) return readContract(text, file);
  throw new InputError(
    fault(
      'contract-missing',
      `the contract ${file} is not there`,
      place(file),
      'Write it, or correct the path.',
    ),
  );
}

/**
 * The datasets that a contract's foreign keys point into, in its order.
 * @throws InputError for one that is not there: nothing could be told of the key.
 */
export async function referencesOf(
  { value: { foreignKeys }, placeOf }: Document<Contract>,
  workspace: Workspace,
): Promise<{ files: CheckedFile[]; contract?: Contract }[]> {
  return Promise.all(
    foreignKeys.map(async ({ reference }, index) => {
      const other = reference.contract ? await loadContract(workspace, reference.contract) : undefined;
      const globs = reference.path === undefined ? ownGlobs(other!) : [reference.path].flat();
      const files = checkedFiles(workspace, await workspace.list(globs));
      if (files.length === 0)
        throw new InputError(
          fault(
            'data-missing',
            `no file matches ${globs.join(', ')}, which a foreign key points into`,
            placeOf(['foreignKeys', index, 'reference', reference.path === undefined ? 'contract' : 'path']),
            'Fetch the data, or correct the path.',
          ),
        );
      return { files, ...(other ? { contract: other.value } : {}) };
    }),
  );
}

export function checkedFiles(workspace: Workspace, paths: readonly string[]): CheckedFile[] {
  return paths.map((path) => ({ path, absolute: workspace.absolute(path) }));
}
