import { latestVersion, type RegisteredModel, type Registry } from './state.ts';

/** What `gto show --json` prints about one model. */
export interface GtoModel {
  readonly version: string | null;
  readonly stage: Readonly<Record<string, string | null>>;
  readonly registered: boolean;
  readonly active: boolean;
}

/** The registry as `gto show --json` prints it: active models only, each with every stage that any model uses. */
export function gtoView(registry: Registry): Record<string, GtoModel> {
  const models = [...registry.values()];
  const stages = [...new Set(models.flatMap((model) => [...model.stages.keys()]))].sort();
  return Object.fromEntries(
    models.filter((model) => model.active).map((model) => [model.name, viewOf(model, stages)]),
  );
}

function viewOf(model: RegisteredModel, stages: readonly string[]): GtoModel {
  return {
    version: latestVersion(model)?.version ?? null,
    stage: Object.fromEntries(stages.map((stage) => [stage, model.stages.get(stage) ?? null])),
    registered: true,
    active: model.active,
  };
}

/** One line of a registry's history, as `gto history --json` names its columns; `timestamp` in seconds since the epoch. */
export interface HistoryLine {
  readonly timestamp: number;
  readonly artifact: string;
  readonly event: string;
  readonly version: string | null;
  readonly stage: string | null;
  readonly commit: string;
  readonly author: string;
  readonly message: string;
  readonly ref: string;
}

const EVENT_NAMES = {
  create: 'creation',
  deprecate: 'deprecation',
  register: 'registration',
  deregister: 'deregistration',
  assign: 'assignment',
  unassign: 'unassignment',
} as const;

/** What happened to one model, or to all of them, latest first. */
export function history(registry: Registry, model?: string): HistoryLine[] {
  return [...registry.values()]
    .filter(({ name }) => model === undefined || name === model)
    .flatMap(({ events }) => events)
    .map(({ tag, action, model: artifact, version, stage }) => ({
      timestamp: tag.taggedAt,
      artifact,
      event: EVENT_NAMES[action],
      version,
      stage,
      commit: tag.commit,
      author: tag.tagger,
      message: tag.message.trim(),
      ref: tag.name,
    }))
    .reverse()
    .sort((a, b) => b.timestamp - a.timestamp);
}
