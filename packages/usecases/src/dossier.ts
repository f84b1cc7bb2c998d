import { readContract } from '@rastro/contract';
import { PROJECT_FILE, readProject, readTrainLock, trainLockPath } from '@rastro/lineage';
import { readRecord } from '@rastro/metrics';
import { readPolicy } from '@rastro/registry';
import { type Report, renderHtml, renderMarkdown } from '@rastro/report';
import { type EntryOf, modelState, type TrailCommit, verifyChain } from '@rastro/trail';
import { annexIv, type Dossier } from './annex-iv.ts';
import type { AuditRecord } from './audit.ts';
import { recordPath } from './evaluate.ts';
import type { Ports, Repository } from './ports/index.ts';
import { report } from './report.ts';

interface Exported {
  readonly record: AuditRecord;
  readonly report: Report;
  readonly commits: readonly TrailCommit[];
  readonly repositoryId: string;
  readonly git: Repository;
}

type DossierPorts = Pick<Ports, 'workspace' | 'sha256'>;

/** No limit: a dossier leaves nothing out. */
const WHOLE = { limit: 100_000_000, unit: 'characters' } as const;

/**
 * Writes a folder that can be read without Rastro, Git or a network: the answer of the audit, the documentation under the
 * headings of Annex IV, and every piece of evidence as it is in this clone, with its digests.
 */
export async function exportDossier(
  folder: string,
  exported: Exported,
  ports: DossierPorts,
): Promise<string[]> {
  const { record, commits } = exported;
  const files = new Map<string, string | Uint8Array>();
  for (const { added } of commits) for (const { path, bytes } of added) files.set(`trail/${path}`, bytes);
  const dossier = await gather(exported, files, ports);
  const reports = [exported.report, ...(dossier ? [annexReport(dossier)] : [])];
  const from = `trail ${record.head ?? 'none'}`;
  files.set(
    'dossier.html',
    renderHtml(reports, { title: `${record.model} in ${record.environment}`, generatedFrom: from }),
  );
  files.set('dossier.md', renderMarkdown(reports, { budget: WHOLE }));
  files.set('audit.json', `${JSON.stringify(record, null, 2)}\n`);
  files.set('README.md', readme(record));
  const sums = [...files]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, content]) => `${ports.sha256(content)}  ${path}\n`);
  files.set('SHA256SUMS', sums.join(''));
  const root = folder.replace(/\/+$/, '');
  for (const [path, content] of files) await ports.workspace.write(`${root}/${path}`, content);
  return [...files.keys()].sort();
}

/** Both reports on one page. */
export function dossierHtml(reports: readonly Report[], { model, environment, head }: AuditRecord): string {
  return renderHtml(reports, {
    title: `${model} in ${environment}`,
    generatedFrom: `trail ${head ?? 'none'}`,
  });
}

function annexReport(dossier: Dossier): Report {
  return report(
    'annex-iv',
    dossier.model,
    {
      status: 'info',
      sentence: `Technical documentation of ${dossier.model} ${dossier.release.event.version} under the headings of Annex IV of Regulation (EU) 2024/1689. It states what this repository proves; it is no assessment of conformity.`,
    },
    annexIv(dossier),
  );
}

/** The annex of the deployed version; undefined when none is recorded. */
export async function annexOf(exported: Exported, ports: DossierPorts): Promise<Report | undefined> {
  const dossier = await gather(exported, new Map(), ports);
  return dossier && annexReport(dossier);
}

/** Reads what the released commit and the deciding policy hold, and keeps each file for the folder. */
async function gather(
  { record, commits, repositoryId, git }: Exported,
  files: Map<string, string | Uint8Array>,
  { sha256 }: DossierPorts,
): Promise<Dossier | undefined> {
  const { model, environment } = record;
  const chain = verifyChain({ commits, sha256, repositoryId });
  const state = modelState(chain.entries, model);
  const release = record.version === null ? undefined : state.releases.get(record.version);
  if (!release) return undefined;
  const { commit } = release.event;
  const keep = async (path: string, at = commit, as = path): Promise<string | undefined> => {
    if ((await git.resolve(at)) === undefined) return undefined;
    const bytes = await git.readFile(at, path);
    if (!bytes) return undefined;
    files.set(`evidence/${as}`, bytes);
    return new TextDecoder().decode(bytes);
  };
  const projectText = await keep(PROJECT_FILE);
  const project = projectText === undefined ? undefined : readProject(projectText).value;
  const lockText = await keep(trainLockPath(model));
  const recordText = await keep(recordPath(model));
  const card =
    (await keep(`cards/${model}.md`, commit, 'model-card.md')) ??
    (await keep('MODEL_CARD.md', commit, 'model-card.md'));
  const gate = gateOf(chain, model, environment);
  const policyText =
    gate && (await keep(gate.event.policy.path, gate.event.policy.commit, 'policy/rastro.policy.yaml'));
  const paths = new Set(
    chain.entries.flatMap(({ entry }) => (entry.kind === 'data-check' ? [entry.event.contract.path] : [])),
  );
  const contracts = [];
  for (const path of paths) {
    const text = await keep(path);
    if (text !== undefined) contracts.push({ path, contract: readContract(text, path).value });
  }
  return {
    model,
    environment,
    release,
    chain,
    config: project?.models[model],
    monitor: project?.monitor[model],
    lock: lockText === undefined ? undefined : readTrainLock(lockText, trainLockPath(model)),
    record: recordText === undefined ? undefined : readRecord(recordText, recordPath(model)),
    contracts,
    policy: policyText === undefined ? undefined : readPolicy(policyText).value,
    card,
  };
}

/** The last move into the environment's stage. */
function gateOf(
  { entries }: Dossier['chain'],
  model: string,
  environment: string,
): EntryOf<'promote'> | EntryOf<'rollback'> | undefined {
  const found = entries.findLast(
    ({ entry }) =>
      (entry.kind === 'promote' || entry.kind === 'rollback') &&
      entry.event.model === model &&
      entry.event.stage === environment,
  )?.entry;
  return found?.kind === 'promote' || found?.kind === 'rollback' ? found : undefined;
}

function readme({ model, environment, status, version, head, limits }: AuditRecord): string {
  return [
    `# Why ${environment} serves ${model}${version === null ? '' : ` ${version}`}`,
    '',
    `The audit says: **${status}**. Begin with \`dossier.html\` (or \`dossier.md\`).`,
    '',
    '- `dossier.html`, `dossier.md`: the audit step by step, and the technical documentation.',
    '- `audit.json`: the same answer for a program.',
    '- `trail/`: every entry of the trail, as it was recorded, in order. Each names the sha256 of the one before it.',
    '- `evidence/`: the files of the released commit that the entries name, and the policy that decided.',
    '- `SHA256SUMS`: digests of all of these; check them with `sha256sum -c SHA256SUMS`.',
    '',
    `Tip of the trail: \`${head ?? 'none'}\`. From a clone of the repository the audit is repeated with`,
    `\`rastro audit ${model} ${environment}${head === null ? '' : ` --expect-head ${head}`}\`.`,
    '',
    '## What this does not prove',
    '',
    ...limits.map((limit) => `- ${limit}`),
    '',
  ].join('\n');
}
