import {
  type CheckedFile,
  type CheckPlan,
  type CheckResult,
  type Contract,
  type ContractEvolution,
  compareContracts,
  markKnown,
  readContract,
} from '@rastro/contract';
import type { Document } from '@rastro/document';
import { explain, fault, InputError } from '@rastro/fault';
import { dataLockPath, readDataLock } from '@rastro/lineage';
import type { DataEngine, Ports, Repository } from './ports/index.ts';
import type { Subject } from './validate-subjects.ts';

/** The commit that data and contracts are compared with. */
export interface Base {
  readonly commit: string;
  /** `merge-base 1a2b3c4d5e6f`. */
  readonly name: string;
  readonly git: Repository;
}

/** A base, or the reason why there is none. */
export type FoundBase = { readonly base: Base } | { readonly base: undefined; readonly reason: string };

/**
 * Finds the base. One that nobody asked for may be missing, as in a clone without history: then the reason is told.
 * @throws InputError when what was asked for names no commit; OutsideError when its history cannot be had.
 */
export async function findBase(
  asked: string | undefined,
  ports: Pick<Ports, 'repository' | 'context'>,
): Promise<FoundBase> {
  const { context } = ports;
  const wanted = asked ?? (context.pullRequest ? 'merge-base' : 'none');
  if (wanted === 'none') return { base: undefined, reason: 'no base was asked for' };
  try {
    const git = await ports.repository();
    const name = wanted === 'merge-base' ? 'merge-base' : wanted;
    const commit = wanted === 'merge-base' ? await mergeBase(git, context) : await git.resolve(wanted);
    if (commit) return { base: { commit, name: `${name} ${commit.slice(0, 12)}`, git } };
    if (wanted === 'merge-base')
      return { base: undefined, reason: 'this history has no commit in common with its base' };
  } catch (error) {
    if (asked !== undefined) throw error;
    return { base: undefined, reason: explain(error).faults[0]?.message ?? String(error) };
  }
  throw new InputError(
    fault(
      'unknown-base',
      `"${wanted}" names no commit of this repository`,
      undefined,
      'Give merge-base, none, or a Git revision.',
    ),
  );
}

async function mergeBase(git: Repository, { pullRequest }: Ports['context']): Promise<string | undefined> {
  const target = pullRequest?.base ?? (await git.defaultBranch())?.commit;
  return target && (await git.mergeBase(await git.head(), target));
}

/** How the contract changed since the base; undefined where the base has none, or none that can be read. */
export async function evolutionSince(
  { git, commit }: Base,
  head: Document<Contract>,
): Promise<ContractEvolution | undefined> {
  const text = await textAt({ git, commit }, head.file);
  if (text === undefined) return undefined;
  let base: Document<Contract>;
  try {
    base = readContract(text, head.file);
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
  return compareContracts({ base, head });
}

/** The data of a subject as the base has it, or the reason why it cannot be had. */
export type BaseData =
  | { readonly kind: 'same' }
  | { readonly kind: 'other'; readonly files: readonly CheckedFile[] }
  | { readonly kind: 'none'; readonly reason: string };

const COPIES = '.rastro/base';

/** Brings the files of the base beside the working tree, under `.rastro/base`. Data outside Git is not fetched. */
export async function baseData(
  { git, commit, name }: Base,
  subject: Subject,
  { workspace, sha256 }: Pick<Ports, 'workspace' | 'sha256'>,
): Promise<BaseData> {
  const files: CheckedFile[] = [];
  const changed: string[] = [];
  for (const { path, sha256: digest } of await subject.files()) {
    const bytes = await git.readFile(commit, path);
    if (!bytes) {
      changed.push(path);
      continue;
    }
    const pointer = pointerIn(bytes);
    if (pointer === undefined && sha256(bytes) !== digest) changed.push(path);
    if (pointer !== undefined && pointer !== digest)
      return { kind: 'none', reason: `${path} is not in Git at the ${name}, only a pointer to it` };
    const copy = `${COPIES}/${path}`;
    if (pointer === undefined) await workspace.write(copy, bytes);
    files.push({ path, absolute: workspace.absolute(pointer === undefined ? copy : path) });
  }
  if (changed.length === 0) return { kind: 'same' };
  if (files.length > 0) return { kind: 'other', files };
  return { kind: 'none', reason: `the ${name} has no ${subject.globs.join(', ')} in Git` };
}

/** Removes what `baseData` wrote. */
export async function forgetCopies(
  { paths }: Subject,
  { workspace }: Pick<Ports, 'workspace'>,
): Promise<void> {
  for (const path of paths) await workspace.remove(`${COPIES}/${path}`);
}

/** The digest that a Git LFS pointer stands for. */
function pointerIn(bytes: Uint8Array): string | undefined {
  if (bytes.length >= 1024) return undefined;
  const text = new TextDecoder().decode(bytes);
  return /^version https:\/\/git-lfs\.github\.com\/spec\/v1\noid sha256:([0-9a-f]{64})\n/.exec(text)?.[1];
}

/** Rows of the data at the base as its lock tells them, for data that is not in Git itself. */
export async function lockedRows(base: Base, subject: Subject): Promise<number | undefined> {
  if (!subject.isNamed) return undefined;
  const path = dataLockPath(subject.name);
  const text = await textAt(base, path);
  return text === undefined ? undefined : readDataLock(text, path).rows;
}

async function textAt(
  { git, commit }: Pick<Base, 'git' | 'commit'>,
  path: string,
): Promise<string | undefined> {
  const bytes = await git.readFile(commit, path);
  return bytes && new TextDecoder().decode(bytes);
}

/**
 * Tells what a check found from what it finds in the data of the base under the same contract. Data of the base that cannot
 * even be read knows nothing: then everything is new, and the reason is told.
 */
export async function withKnown(
  head: CheckResult,
  check: () => ReturnType<DataEngine['check']>,
): Promise<{ result: CheckResult; reason?: string }> {
  try {
    return { result: markKnown({ head, base: await check() }) };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { result: head, reason: `the data of the base cannot be judged: ${error.message}` };
  }
}

/** The plan of a check, on other files. */
export function planOn(plan: CheckPlan, files: readonly CheckedFile[]): CheckPlan {
  return { ...plan, source: { ...plan.source, files } };
}
