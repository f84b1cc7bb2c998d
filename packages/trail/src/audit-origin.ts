import type { AuditContext, AuditStep } from './audit.ts';
import { counted } from './counted.ts';
import { type EntryOf, entryPath } from './entry.ts';
import { checksOf, trainingOf } from './gate-evidence.ts';
import { standingEntries } from './state.ts';

/** Step 5: the file has a training behind it, whose code is on a protected branch and whose data is named by digest. */
export async function auditOrigin(context: AuditContext, deploy: EntryOf<'deploy'>): Promise<AuditStep> {
  const { chain, reader } = context;
  const step = 'origin' as const;
  const { train, packaged } = trainingOf(standingEntries(chain.entries), deploy.event.sha256);
  const packagedFrom = packaged ? [entryPath(packaged)] : [];
  if (!train) {
    return {
      step,
      status: 'unprovable',
      sentence: `No training of ${deploy.event.sha256.slice(0, 12)} is recorded.`,
      evidence: packagedFrom,
    };
  }
  const evidence = [...packagedFrom, entryPath(train), train.event.code];
  const short = train.event.code.slice(0, 12);
  if (train.seq > deploy.seq || (packaged && packaged.seq > deploy.seq)) {
    return {
      step,
      status: 'violated',
      sentence: 'The training or packaging of the deployed file is recorded after its deployment.',
      evidence,
    };
  }
  if (train.event.data.length === 0) {
    return { step, status: 'unprovable', sentence: 'The training names no data.', evidence };
  }
  switch ((await reader.whereAre([train.event.code])).get(train.event.code) ?? 'absent') {
    case 'absent':
      return {
        step,
        status: 'unprovable',
        sentence: `The code of the training, commit ${short}, is not in this clone.`,
        evidence,
      };
    case 'unprotected':
      return {
        step,
        status: 'violated',
        sentence: `The code of the training, commit ${short}, is on no protected branch.`,
        evidence,
      };
    case 'protected':
      return {
        step,
        status: 'verified',
        sentence: `It was trained by commit ${short} from ${counted(train.event.data.length, 'file')}, with seed ${train.event.seed}.`,
        evidence,
      };
  }
}

/** Step 6: the data check passed for exactly the bytes that the training read. */
export function auditData({ chain }: AuditContext, deploy: EntryOf<'deploy'>): AuditStep {
  const step = 'data' as const;
  const standing = standingEntries(chain.entries).filter(({ entry }) => entry.seq < deploy.seq);
  const { train } = trainingOf(standing, deploy.event.sha256);
  if (!train || train.event.data.length === 0) {
    return {
      step,
      status: 'unprovable',
      sentence: 'The data of the training is not recorded.',
      evidence: [],
    };
  }
  const checks = checksOf(standing, train.event.data);
  const evidence = [...new Set(checks.flatMap(({ check }) => (check ? [entryPath(check)] : [])))];
  const breached = checks.find(({ check }) => check?.event.verdict === 'breach');
  if (breached?.check) {
    return {
      step,
      status: 'violated',
      sentence: `${breached.file.path} was trained on, although it breached ${breached.check.event.contract.path}.`,
      evidence,
    };
  }
  const unchecked = checks.filter(({ check }) => check === undefined);
  if (unchecked.length > 0) {
    return {
      step,
      status: 'unprovable',
      sentence: `No check is recorded of ${unchecked.map(({ file }) => file.path).join(', ')} as trained on.`,
      evidence,
    };
  }
  return {
    step,
    status: 'verified',
    sentence: `What it was trained on, ${counted(checks.length, 'file')} by digest, kept the contract.`,
    evidence,
  };
}
