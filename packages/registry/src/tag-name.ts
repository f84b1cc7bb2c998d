/** What one tag of the registry says. `model` may carry a folder, as in `fraud/models:churn`. */
export type RegistryTag =
  | {
      readonly action: 'register' | 'deregister';
      readonly model: string;
      readonly version: string;
      readonly counter?: number;
    }
  | {
      readonly action: 'assign' | 'unassign';
      readonly model: string;
      readonly stage: string;
      readonly counter?: number;
    }
  | { readonly action: 'create' | 'deprecate'; readonly model: string; readonly counter?: number };

const NAME = '[a-zA-Z0-9](?:[a-zA-Z0-9/_-]*[a-zA-Z0-9])?';
/** GTO lets a folder begin with `-`; git itself makes no such tag, and an option could hide in it. */
const FOLDER = '[a-zA-Z0-9_./][a-zA-Z0-9_./-]*';
const NUMBER = '(?:0|[1-9][0-9]*)';
const PRERELEASE_PART = `(?:${NUMBER}|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)`;
const SEMVER =
  `${NUMBER}\\.${NUMBER}\\.${NUMBER}` +
  `(?:-${PRERELEASE_PART}(?:\\.${PRERELEASE_PART})*)?(?:\\+[0-9a-zA-Z-]+(?:\\.[0-9a-zA-Z-]+)*)?`;

const tagPattern = new RegExp(
  `^(?<model>(?:${FOLDER}=)?${NAME})` +
    `(?:(?:#(?<stage>${NAME})|@(?<version>v${SEMVER}))(?<cancel>!?)|@(?<life>deprecated|created))` +
    '(?:#(?<counter>[0-9]+))?$',
);
const modelPattern = new RegExp(`^(?:${FOLDER}:)?${NAME}$`);
const stagePattern = new RegExp(`^${NAME}$`);
const versionPattern = new RegExp(`^v${SEMVER}$`);

/** Whether a text can name a model; `folder:name` in a repository with several projects. */
export function isModelName(text: string): boolean {
  return modelPattern.test(text);
}

export function isStageName(text: string): boolean {
  return stagePattern.test(text);
}

/** Whether a text is a version as tags write it: `v1.2.3`, by the grammar of semver.org 2.0.0. */
export function isVersion(text: string): boolean {
  return versionPattern.test(text);
}

/** Reads a tag name in GTO's grammar; undefined when the tag is not one of the registry's. */
export function parseTagName(name: string): RegistryTag | undefined {
  const groups = tagPattern.exec(name)?.groups;
  if (!groups?.model) return undefined;
  const model = groups.model.replace('=', ':');
  const counter = groups.counter === undefined ? {} : { counter: Number(groups.counter) };
  const cancels = groups.cancel === '!';
  if (groups.version !== undefined) {
    return { action: cancels ? 'deregister' : 'register', model, version: groups.version, ...counter };
  }
  if (groups.stage !== undefined) {
    return { action: cancels ? 'unassign' : 'assign', model, stage: groups.stage, ...counter };
  }
  return { action: groups.life === 'created' ? 'create' : 'deprecate', model, ...counter };
}

/** Writes a tag name that `parseTagName` reads back. @throws RangeError when a part is outside the grammar. */
export function formatTagName(tag: RegistryTag): string {
  const name = `${tag.model.replace(':', '=')}${suffixOf(tag)}${tag.counter === undefined ? '' : `#${tag.counter}`}`;
  if (!isSame(parseTagName(name), tag)) throw new RangeError(`not a registry tag: ${name}`);
  return name;
}

/** A part may be nothing that reads as more than itself: a stage `prod#3`, a version `v1.0.0!`. */
function isSame(read: RegistryTag | undefined, meant: RegistryTag): boolean {
  const parts = (tag: RegistryTag) => [
    tag.action,
    tag.model,
    'version' in tag && tag.version,
    'stage' in tag && tag.stage,
    tag.counter,
  ];
  return read !== undefined && parts(read).every((part, index) => part === parts(meant)[index]);
}

function suffixOf(tag: RegistryTag): string {
  switch (tag.action) {
    case 'register':
      return `@${tag.version}`;
    case 'deregister':
      return `@${tag.version}!`;
    case 'assign':
      return `#${tag.stage}`;
    case 'unassign':
      return `#${tag.stage}!`;
    case 'create':
      return '@created';
    case 'deprecate':
      return '@deprecated';
  }
}
