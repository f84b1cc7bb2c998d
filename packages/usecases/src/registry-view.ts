import { fault, InputError } from '@rastro/fault';
import {
  type GtoModel,
  gtoView,
  type HistoryLine,
  history,
  latestVersion,
  type Registry,
  registryState,
  stagesOfWithdrawn,
} from '@rastro/registry';
import type { Block } from '@rastro/report';
import { z } from 'zod';
import type { Outcome } from './outcome.ts';
import type { Ports } from './ports/index.ts';
import { report, short, table } from './report.ts';

export const RegistryRequest = z.strictObject({
  model: z.string().optional().describe('Model to look at. Default: all.'),
  offline: z.boolean().default(false).describe('Answer from what this clone has; ask no remote.'),
});
export type RegistryRequest = z.output<typeof RegistryRequest>;

type RegistryPorts = Pick<Ports, 'repository' | 'clone'>;

/** One model of the registry in a line. */
export interface ListedModel {
  readonly model: string;
  readonly versions: number;
  readonly latest: string | null;
  readonly active: boolean;
}

/** The models of this repository, by name. */
export async function registryList(
  request: RegistryRequest,
  ports: RegistryPorts,
): Promise<Outcome<ListedModel[]>> {
  const record = [...(await registryOf(request, ports)).values()].map((model) => ({
    model: model.name,
    versions: model.versions.filter(({ registered, active }) => registered && active).length,
    latest: latestVersion(model)?.version ?? null,
    active: model.active,
  }));
  const rows = record.map(({ model, versions, latest, active }) => [
    model,
    latest ?? '–',
    String(versions),
    active ? 'active' : 'deprecated',
  ]);
  return answer(
    'registry-list',
    request,
    record,
    `${record.length} ${record.length === 1 ? 'model' : 'models'}.`,
    [table(['Model', 'Latest', ['Versions', 'right'], 'State'], rows)],
  );
}

/** Each model's latest version and who holds which stage, as `gto show --json` tells it. */
export async function registryShow(
  request: RegistryRequest,
  ports: RegistryPorts,
): Promise<Outcome<Record<string, GtoModel>>> {
  const registry = await registryOf(request, ports);
  const record = gtoView(registry);
  const stages = [...new Set(Object.values(record).flatMap(({ stage }) => Object.keys(stage)))];
  const rows = Object.entries(record).map(([model, { version, stage }]) => [
    model,
    version ?? '–',
    ...stages.map((name) => stage[name] ?? '–'),
  ]);
  return answer(
    'registry-show',
    request,
    record,
    'Versions and the stages that they hold, as the tags tell.',
    [table(['Model', 'Latest', ...stages], rows), ...withdrawnHolders(registry)],
  );
}

/** A table of holders cannot tell that a stage is empty, or somebody else's again, because its version was withdrawn. */
function withdrawnHolders(registry: Registry): Block[] {
  const items = [...registry.values()].flatMap((model) =>
    stagesOfWithdrawn(model).map(
      ({ stage, version }) =>
        `${model.name} ${version} was deregistered while it held ${stage}: promote another version.`,
    ),
  );
  return items.length === 0 ? [] : [{ kind: 'list', items }];
}

/** What happened to the models, latest first, as `gto history --json` names its columns. */
export async function registryHistory(
  request: RegistryRequest,
  ports: RegistryPorts,
): Promise<Outcome<HistoryLine[]>> {
  const record = history(await registryOf(request, ports), request.model);
  const rows = record.map((line) => [
    new Date(line.timestamp * 1000).toISOString().slice(0, 16).replace('T', ' '),
    line.artifact,
    line.event,
    line.version ?? '–',
    line.stage ?? '–',
    short(line.commit),
    line.author,
  ]);
  return answer('registry-history', request, record, `${record.length} events, latest first.`, [
    table(['When (UTC)', 'Model', 'Event', 'Version', 'Stage', 'Commit', 'Who'], rows),
  ]);
}

async function registryOf(
  { model, offline }: RegistryRequest,
  { repository, clone }: RegistryPorts,
): Promise<Registry> {
  const git = offline ? await clone() : await repository();
  const registry = registryState(await git.tags());
  if (model === undefined) return registry;
  const found = registry.get(model);
  if (found) return new Map([[model, found]]);
  throw new InputError(
    fault(
      'model-unknown',
      `no version of "${model}" was ever released`,
      undefined,
      `Known: ${[...registry.keys()].join(', ') || 'none'}.`,
    ),
  );
}

function answer<T>(
  verb: string,
  { model }: RegistryRequest,
  record: T,
  sentence: string,
  blocks: Block[],
): Outcome<T> {
  return {
    status: 'pass',
    reports: [
      report(verb, model ?? '', { status: 'info', sentence }, [
        { id: 'registry', title: 'Registry', importance: 80, blocks },
      ]),
    ],
    record,
  };
}
