import type { Entry } from './entry.ts';

/** The message of the commit that adds an entry: a line for people, trailers for machines. */
export function commitMessage(entry: Entry, sha256: string): string {
  return [
    headline(entry),
    '',
    `Rastro-Kind: ${entry.kind}`,
    `Rastro-Seq: ${entry.seq}`,
    `Rastro-Entry: ${sha256}`,
    '',
  ].join('\n');
}

/** What happened, in one line, as `rastro log` shows it. */
export function headline(entry: Entry): string {
  // A line feed in a path would make lines of its own, trailers among them.
  return said(entry).replaceAll(/[\n\r]+/g, ' ');
}

function said(entry: Entry): string {
  switch (entry.kind) {
    case 'data-check':
      return `data-check: ${entry.event.dataset} ${entry.event.verdict === 'pass' ? 'keeps' : 'breaches'} ${entry.event.contract.path}`;
    case 'train':
    case 'package':
    case 'evaluate':
      return `${entry.kind}: ${entry.event.model} ${entry.event.sha256.slice(0, 12)}`;
    case 'approve':
      return `approve: ${entry.event.model} ${entry.event.version} for ${entry.event.stage} ${entry.event.verdict} by ${entry.event.by.login}`;
    case 'gate':
      return `gate: ${entry.event.model} ${entry.event.version} for ${entry.event.stage} ${entry.event.allowed ? 'allowed' : 'denied'}`;
    case 'release':
      return `release: ${entry.event.model} ${entry.event.version}`;
    case 'promote':
    case 'rollback':
      return `${entry.kind}: ${entry.event.model} ${entry.event.version} to ${entry.event.stage}`;
    case 'deploy':
      return `deploy: ${entry.event.model} ${entry.event.version} to ${entry.event.environment}: ${entry.event.outcome}`;
    case 'drift':
      return `drift: ${entry.event.model} ${entry.event.version} on ${entry.event.dataset}: ${entry.event.verdict}`;
    case 'annotate':
      return entry.event.skips.length > 0
        ? `annotate: skip ${entry.event.skips.join(', ')}`
        : 'annotate: a note';
  }
}
