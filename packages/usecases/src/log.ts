import { fault, InputError } from '@rastro/fault';
import type { Text } from '@rastro/report';
import {
  type ChainedEntry,
  type Entry,
  entryPath,
  fingerprint,
  headline,
  KINDS,
  type Kind,
  signersOf,
  skipsOf,
} from '@rastro/trail';
import { z } from 'zod';
import type { Outcome } from './outcome.ts';
import type { Ports } from './ports/index.ts';
import { report, short } from './report.ts';
import { readTrail } from './trail.ts';

export const LogRequest = z.strictObject({
  model: z.string().optional().describe('Only what concerns this model.'),
  kind: z
    .array(z.string())
    .default([])
    .describe(`Only entries of these kinds: ${KINDS.join(', ')}. Default: all.`),
  maxCount: z.number().int().positive().optional().describe('Most entries to show.'),
  offline: z.boolean().default(false).describe('Read the trail as this clone has it; ask no remote.'),
});
export type LogRequest = z.output<typeof LogRequest>;

/** One entry of the trail as the log tells it. */
export interface LogEntry {
  readonly seq: number;
  readonly commit: string;
  readonly path: string;
  readonly kind: Kind;
  readonly headline: string;
  readonly recordedAt: string;
  readonly recordedBy: { readonly login: string; readonly id: number | null };
  /** `SHA256:…` of the keys whose signatures hold; null when the entry is not signed. */
  readonly signedBy: readonly string[] | null;
  /** The annotation that took this entry back. */
  readonly skippedBy: number | null;
  readonly event: Entry['event'];
}

/**
 * Who did what and when, and on which evidence: the trail, latest first.
 * @throws InputError for a kind that there is not.
 */
export async function log(
  request: LogRequest,
  { repository, clone, crypto, sha256 }: Pick<Ports, 'repository' | 'clone' | 'crypto' | 'sha256'>,
): Promise<Outcome<LogEntry[]>> {
  const unknown = request.kind.filter((kind) => !KINDS.some((known) => known === kind));
  if (unknown.length > 0) {
    throw new InputError(
      fault('unknown-kind', `there is no kind "${unknown[0]}"`, undefined, `Known: ${KINDS.join(', ')}.`),
    );
  }
  const { chain, head } = await readTrail(request.offline ? await clone() : await repository(), sha256);
  const { skips } = skipsOf(chain.entries);
  const entries = chain.entries
    .filter(({ entry }) => request.model === undefined || concerns(entry, request.model, chain.entries))
    .filter(({ entry }) => request.kind.length === 0 || request.kind.includes(entry.kind))
    .reverse()
    .slice(0, request.maxCount);
  const record = entries.map((chained): LogEntry => {
    const { entry, commit } = chained;
    const { keys } = signersOf(chained, crypto);
    return {
      seq: entry.seq,
      commit,
      path: entryPath(entry),
      kind: entry.kind,
      headline: headline(entry),
      recordedAt: entry.recordedAt,
      recordedBy: entry.recordedBy,
      signedBy: chained.envelope ? keys.map((key) => fingerprint(key, crypto)) : null,
      skippedBy: skips.get(entry.seq) ?? null,
      event: entry.event,
    };
  });
  const broken = chain.faults.length > 0;
  const sentence = broken
    ? `The trail is broken: ${chain.faults[0]!.message}.`
    : head === undefined
      ? 'There is no trail yet.'
      : `${record.length} of ${chain.entries.length} entries, latest first; tip ${short(head)}.`;
  return {
    status: broken ? 'breach' : 'pass',
    reports: [
      report(
        'log',
        request.model ?? '',
        { status: broken ? 'fail' : 'info', sentence },
        record.map((each) => ({
          id: `entry-${each.seq}`,
          title: `${short(each.commit)} ${each.headline}`,
          importance: 50,
          blocks: [{ kind: 'facts', items: facts(each, entries) }],
        })),
      ),
    ],
    record,
  };
}

/** An annotation concerns the models whose entries it takes back; a data check those that were trained on its files. */
function concerns(entry: Entry, model: string, all: readonly ChainedEntry[]): boolean {
  if ('model' in entry.event) return entry.event.model === model;
  if (entry.kind === 'annotate') {
    const { skips, withdraws } = entry.event;
    if (withdraws?.model === model) return true;
    return all.some((other) => skips.includes(other.entry.seq) && concerns(other.entry, model, all));
  }
  const files = entry.kind === 'data-check' ? entry.event.files.map(({ sha256 }) => sha256) : [];
  return all.some(
    (other) =>
      other.entry.kind === 'train' &&
      other.entry.event.model === model &&
      other.entry.event.data.some(({ sha256 }) => files.includes(sha256)),
  );
}

function facts(
  { recordedBy, recordedAt, signedBy, skippedBy, path, event, kind }: LogEntry,
  entries: readonly ChainedEntry[],
): { label: string; value: Text }[] {
  const { login, id } = recordedBy;
  const entry = entries.find((chained) => entryPath(chained.entry) === path)!.entry;
  return [
    { label: 'Who', value: id === null ? login : `${login} (${id})` },
    { label: 'When', value: recordedAt },
    {
      label: 'Signed',
      value: signedBy === null ? 'no' : signedBy.join(', ') || 'by a signature that does not hold',
    },
    ...(skippedBy === null ? [] : [{ label: 'Taken back', value: `by entry ${skippedBy}` }]),
    ...evidenceOf(entry),
    ...(kind === 'annotate' && 'reason' in event ? [{ label: 'Reason', value: event.reason }] : []),
    { label: 'File', value: [{ code: path }] },
  ];
}

/** What an entry rests on, by digest. */
function evidenceOf(entry: Entry): { label: string; value: Text }[] {
  const digest = (label: string, value: string | null) =>
    value === null ? [] : [{ label, value: [{ code: short(value) }] }];
  switch (entry.kind) {
    case 'data-check':
      return [
        ...digest('Contract', entry.event.contract.sha256),
        { label: 'Files', value: entry.event.files.map(({ path }) => path).join(', ') },
      ];
    case 'train':
      return [
        ...digest('Model', entry.event.sha256),
        ...digest('Code', entry.event.code),
        { label: 'Data', value: entry.event.data.map(({ path }) => path).join(', ') },
      ];
    case 'package':
      return [...digest('Model', entry.event.sha256), ...digest('Trained', entry.event.trained)];
    case 'evaluate':
      return [
        ...digest('Model', entry.event.sha256),
        ...digest('Record', entry.event.recordSha256),
        {
          label: 'Metrics',
          value: Object.entries(entry.event.metrics)
            .map(([name, value]) => `${name} ${value ?? '–'}`)
            .join(', '),
        },
      ];
    case 'release':
      return [
        ...digest('Model', entry.event.sha256),
        ...digest('Record', entry.event.recordSha256),
        ...digest('Commit', entry.event.commit),
        { label: 'Tag', value: [{ code: entry.event.tag }] },
      ];
    case 'approve':
      return [...digest('Model', entry.event.sha256), ...digest('Record', entry.event.recordSha256)];
    case 'gate':
    case 'promote':
    case 'rollback':
      return [
        ...digest('Model', entry.event.sha256),
        ...digest('Record', entry.event.recordSha256),
        {
          label: 'Policy',
          value: [{ code: short(entry.event.policy.commit) }, ' ', entry.event.policy.path],
        },
        {
          label: 'Rules',
          value: entry.event.rules
            .map(({ rule, passed, waived }) => `${rule} ${passed ? 'pass' : waived ? 'waived' : 'fail'}`)
            .join(', '),
        },
        {
          label: 'Approved by',
          value:
            entry.event.approvals
              .filter(({ verdict }) => verdict === 'approved')
              .map(({ by, source }) => `${by.login} (${source})`)
              .join(', ') || 'nobody at the forge',
        },
      ];
    case 'deploy':
      return [
        ...digest('Model', entry.event.sha256),
        { label: 'Target', value: entry.event.target },
        ...(entry.event.run === null ? [] : [{ label: 'Run', value: entry.event.run }]),
      ];
    case 'drift':
      return [
        {
          label: 'Drifted',
          value:
            entry.event.columns
              .filter(({ drifted }) => drifted)
              .map(({ name }) => name)
              .join(', ') || 'no column',
        },
      ];
    case 'annotate':
      return [];
  }
}
