import { ExitCode, fault, InputError } from '@rastro/fault';
import type { Report } from '@rastro/report';
import { type Audit, audit as examine } from '@rastro/trail';
import { z } from 'zod';
import { auditReader } from './audit-reader.ts';
import { annexOf, dossierHtml, exportDossier } from './dossier.ts';
import { modelName } from './model-name.ts';
import { Name } from './name.ts';
import type { Outcome } from './outcome.ts';
import type { Ports } from './ports/index.ts';
import { report, table } from './report.ts';

export const AuditRequest = z.strictObject({
  model: Name.optional().describe('Model to audit. Default: the only one in rastro.yaml.'),
  environment: Name.default('prod').describe('Environment whose deployed version is to be explained.'),
  expectHead: z
    .string()
    .optional()
    .describe('A commit that the trail must contain: proves that the clone is not older.'),
  trustRoot: z
    .string()
    .optional()
    .describe('Fingerprint (SHA256:…) of the key that must have signed the first entry.'),
  fetch: z
    .boolean()
    .default(false)
    .describe(
      'Fetch the trail and the tags first, as a shallow checkout needs. Default: what the clone has, with no network.',
    ),
  files: z
    .array(z.string())
    .default([])
    .describe('Files in hand, to be compared with what the trail says they are.'),
  html: z.string().optional().describe('Write the dossier as one HTML page to this path.'),
  export: z
    .string()
    .optional()
    .describe(
      'Write a folder for a regulator: the answer, the headings of Annex IV of the EU AI Act, and all evidence.',
    ),
});
export type AuditRequest = z.output<typeof AuditRequest>;

export interface AuditRecord extends Audit {
  readonly model: string;
  readonly environment: string;
  readonly version: string | null;
  readonly sha256: string | null;
  /** Tip of the trail that was read. */
  readonly head: string | null;
}

type AuditPorts = Pick<Ports, 'workspace' | 'repository' | 'clone' | 'crypto' | 'sha256'>;

/**
 * Explains from a clone, by default with no network, why an environment serves the version that it serves. `unprovable` and
 * `violated` fail: the answer to "can this be proved?" is then no.
 * @throws InputError when it is not said which model.
 */
export async function audit(
  request: AuditRequest,
  { workspace, repository, clone, crypto, sha256 }: AuditPorts,
): Promise<Outcome<AuditRecord>> {
  const model = await modelName(request.model, { workspace });
  const git = request.fetch ? await repository() : await clone();
  const head = await git.trailHead();
  const [commits, repositoryId] = await Promise.all([
    head === undefined ? [] : git.trail(head),
    git.rootCommit(),
  ]);
  const files = [];
  for (const path of request.files) {
    const digest = await workspace.digest(path);
    if (!digest)
      throw new InputError(
        fault('file-missing', `${path} is not there`, { file: path }, 'Correct the path.'),
      );
    files.push({ path, sha256: digest.sha256 });
  }
  const answer = await examine({
    model,
    environment: request.environment,
    commits,
    repositoryId,
    reader: auditReader(git),
    crypto,
    files,
    ...(request.expectHead ? { expectHead: request.expectHead } : {}),
    ...(request.trustRoot ? { trustRoot: request.trustRoot } : {}),
  });
  const record: AuditRecord = {
    ...answer,
    model,
    environment: request.environment,
    version: answer.deployed?.version ?? null,
    sha256: answer.deployed?.sha256 ?? null,
    head: head ?? null,
  };
  const told = describe(record);
  const exported = { record, report: told, commits, repositoryId, git };
  if (request.html !== undefined) {
    const annex = await annexOf(exported, { workspace, sha256 });
    await workspace.write(request.html, dossierHtml([told, ...(annex ? [annex] : [])], record));
  }
  if (request.export !== undefined) await exportDossier(request.export, exported, { workspace, sha256 });
  return {
    status: answer.status === 'verified' ? 'pass' : 'breach',
    reports: [told],
    record,
    ...(answer.status === 'unprovable' ? { exitCode: ExitCode.unprovable } : {}),
  };
}

const WORD = {
  verified: '✅ verified',
  violated: '❌ violated',
  unprovable: '❔ unprovable',
  'not-asked': '➖ not asked',
} as const;

function describe({ model, environment, status, steps, deployed, limits, head }: AuditRecord): Report {
  const what = deployed ? `${model} ${deployed.version} in ${environment}` : `${model} in ${environment}`;
  const sentence = {
    verified: `Proved from this clone why ${what} is served.`,
    violated: `The record of ${what} contradicts itself: ${steps.find((step) => step.status === 'violated')?.sentence}`,
    unprovable: `It cannot be proved why ${what} is served: ${steps.find((step) => step.status === 'unprovable')?.sentence}`,
  }[status];
  return report('audit', model, { status: status === 'verified' ? 'pass' : 'fail', sentence }, [
    {
      id: 'proof',
      title: 'Proof',
      importance: 90,
      blocks: [
        table(
          ['Step', 'Answer', 'Why', 'Evidence'],
          steps.map((step) => [
            step.step,
            WORD[step.status],
            step.sentence,
            step.evidence
              .slice(0, 4)
              .map((item) => (/^[0-9a-f]{40,64}$/.test(item) ? item.slice(0, 12) : item))
              .join(', '),
          ]),
        ),
      ],
    },
    {
      id: 'limits',
      title: 'What this does not prove',
      importance: 60,
      blocks: [
        { kind: 'list', items: [...limits] },
        ...(head ? [{ kind: 'paragraph' as const, text: ['Tip of the trail: ', { code: head }] }] : []),
      ],
    },
  ]);
}
