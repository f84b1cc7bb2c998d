import type { Document } from '@rastro/document';
import { didYouMean } from '@rastro/document';
import { fault, InputError, place } from '@rastro/fault';
import {
  type DatasetConfig,
  type LockedFile,
  type ModelConfig,
  PROJECT_FILE,
  type Project,
  readProject,
} from '@rastro/lineage';
import type { TableSource, Workspace } from './ports/index.ts';

/** Reads `rastro.yaml`. @throws InputError when it is missing or wrong. */
export async function loadProject(workspace: Workspace): Promise<Document<Project>> {
  const project = await findProject(workspace);
  if (project) return project;
  throw new InputError(
    fault(
      'project-missing',
      `there is no ${PROJECT_FILE}`,
      place(PROJECT_FILE),
      `Write a ${PROJECT_FILE} at the root of the repository, or give inputs instead.`,
    ),
  );
}

/** Reads `rastro.yaml` when it is there. @throws InputError when it is wrong. */
export async function findProject(workspace: Workspace): Promise<Document<Project> | undefined> {
  const text = await workspace.readText(PROJECT_FILE);
  return text === undefined ? undefined : readProject(text);
}

/** A model of the project under its name. */
export interface NamedModel {
  readonly name: string;
  readonly config: ModelConfig;
  /** Path of the ONNX file. */
  readonly file: string;
}

/** The models that were asked for by name; all of them when none was. @throws InputError when there is no such model. */
export function pickModels(project: Document<Project>, names: readonly string[]): NamedModel[] {
  const known = Object.keys(project.value.models);
  if (known.length === 0) {
    throw new InputError(
      fault(
        'no-models',
        `${PROJECT_FILE} names no model`,
        project.placeOf(['models']),
        'Add one under "models:".',
      ),
    );
  }
  return (names.length === 0 ? known : names).map((name) => {
    const config = project.value.models[name];
    if (!config) throw unknownName('model', name, known, project);
    return { name, config, file: config.model ?? `models/${name}.onnx` };
  });
}

/** Picks the one model that was asked for, or the only one there is. */
export function pickModel(project: Document<Project>, name: string | undefined): NamedModel {
  const models = pickModels(project, name === undefined ? [] : [name]);
  const [model, ...others] = models;
  if (!model || others.length > 0) {
    throw new InputError(
      fault(
        'model-ambiguous',
        `say which model: ${models.map((each) => each.name).join(', ')}`,
        project.placeOf(['models']),
        'Give the model by name.',
      ),
    );
  }
  return model;
}

/** A dataset of the project under its name. `statedAt` is where in `rastro.yaml` its name was used. */
export function pickDataset(
  project: Document<Project>,
  name: string,
  statedAt?: readonly PropertyKey[],
): DatasetConfig {
  const config = project.value.data[name];
  if (!config) throw unknownName('dataset', name, Object.keys(project.value.data), project, statedAt);
  return config;
}

function unknownName(
  what: string,
  name: string,
  known: readonly string[],
  project: Document<Project>,
  statedAt?: readonly PropertyKey[],
): InputError {
  const nearest = didYouMean(name, known);
  return new InputError(
    fault(
      `unknown-${what}`,
      `${PROJECT_FILE} has no ${what} "${name}"`,
      statedAt ? project.placeOf(statedAt) : undefined,
      nearest ? `Did you mean "${nearest}"?` : `Known: ${known.join(', ') || 'none'}.`,
    ),
  );
}

/** The files of a dataset, sorted by path, with their digests. @throws InputError when there is none. */
export async function datasetFiles(
  workspace: Workspace,
  name: string,
  config: Pick<DatasetConfig, 'path'>,
): Promise<LockedFile[]> {
  return lockedFiles(workspace, await datasetPaths(workspace, name, config));
}

/** The paths of a dataset's files. @throws InputError when there is none. */
export async function datasetPaths(
  workspace: Workspace,
  name: string,
  config: Pick<DatasetConfig, 'path'>,
): Promise<string[]> {
  const globs = Array.isArray(config.path) ? config.path : [config.path];
  const paths = await workspace.list(globs);
  if (paths.length === 0) {
    throw new InputError(
      fault(
        'data-missing',
        `dataset ${name}: no file matches ${globs.join(', ')}`,
        place(globs[0] ?? ''),
        'Fetch the data, or correct the path.',
      ),
    );
  }
  return paths;
}

/** The digests of files that are known to be there. @throws InputError for one that is not. */
export async function lockedFiles(workspace: Workspace, paths: readonly string[]): Promise<LockedFile[]> {
  const files: LockedFile[] = [];
  for (const path of paths) {
    const digest = await workspace.digest(path);
    if (!digest)
      throw new InputError(fault('file-missing', `${path} is not there`, place(path), 'Correct the path.'));
    files.push({ path, ...digest });
  }
  return files;
}

const FORMATS: Readonly<Record<string, TableSource['format']>> = {
  csv: 'csv',
  tsv: 'tsv',
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  json: 'json',
  parquet: 'parquet',
};

/** Files as a table; the format follows from the names. @throws InputError when they differ, or are not known. */
export function tableOf(workspace: Workspace, files: readonly { readonly path: string }[]): TableSource {
  const formats = new Set(
    files.map(({ path }) => FORMATS[/\.(\w+)(\.gz)?$/i.exec(path)?.[1]?.toLowerCase() ?? '']),
  );
  const [format] = formats;
  if (formats.size !== 1 || !format) {
    throw new InputError(
      fault(
        'data-format',
        `cannot tell one format from ${files.map(({ path }) => path).join(', ')}`,
        place(files[0]?.path ?? ''),
        `Use files of one of these kinds: ${Object.keys(FORMATS)
          .map((kind) => `.${kind}`)
          .join(', ')}.`,
      ),
    );
  }
  return { files: files.map(({ path }) => workspace.absolute(path)), format };
}
