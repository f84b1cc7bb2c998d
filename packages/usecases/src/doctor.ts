import { type Project, readTrainLock, trainLockPath } from '@rastro/lineage';
import { POLICY_TESTS_FILE, registryState } from '@rastro/registry';
import { z } from 'zod';
import { checkoutChecks, cloneCheck, permissionChecks, policyCheck, trailChecks } from './doctor-checks.ts';
import type { Check, Patient } from './doctor-patient.ts';
import { protectionChecks } from './doctor-protection.ts';
import { withdrawnChecks } from './doctor-withdrawn.ts';
import { type Maturity, maturityOf } from './maturity.ts';
import type { Outcome } from './outcome.ts';
import type { Ports } from './ports/index.ts';
import { findProject } from './project.ts';
import { findProtectedPolicy } from './protected-policy.ts';
import { count, report, table } from './report.ts';
import { readTrail } from './trail.ts';
import { readWorkflows } from './workflow-files.ts';

export const DoctorRequest = z.strictObject({
  offline: z
    .boolean()
    .default(false)
    .describe('Look at this clone alone; ask neither the remote nor GitHub.'),
});
export type DoctorRequest = z.output<typeof DoctorRequest>;

export interface DoctorRecord {
  readonly checks: readonly Check[];
  readonly maturity: readonly Maturity[];
}

type DoctorPorts = Pick<Ports, 'workspace' | 'repository' | 'clone' | 'forge' | 'context' | 'sha256'>;

/** Looks for what would break a promise later, and scores each principle. A misconfiguration fails; a missing step does not. */
export async function doctor(request: DoctorRequest, ports: DoctorPorts): Promise<Outcome<DoctorRecord>> {
  const git = request.offline ? await ports.clone() : await ports.repository();
  const trail = await readTrail(git, ports.sha256);
  const project = (await findProject(ports.workspace))?.value;
  const patient: Patient = {
    project,
    workflows: await readWorkflows(ports.workspace),
    policy: await findProtectedPolicy(git, ports),
    chain: trail.chain,
    hasTrail: trail.head !== undefined,
    registry: registryState(await git.tags()),
    locks: await trainedModels(project, ports.workspace),
    files: new Set(
      await ports.workspace.list([POLICY_TESTS_FILE, 'contracts/**/*.yaml', 'rastro.lock/**/*.yaml']),
    ),
  };
  const checks = [
    cloneCheck(await git.isShallow()),
    ...trailChecks(patient),
    ...withdrawnChecks(patient),
    policyCheck(patient),
    ...permissionChecks(patient.workflows),
    ...checkoutChecks(patient.workflows),
    ...(await protectionChecks(request, patient, ports, (await git.defaultBranch())?.name)),
  ];
  const maturity = maturityOf(patient, checks);
  const failed = checks.filter(({ status }) => status === 'fail');
  return {
    status: failed.length === 0 ? 'pass' : 'breach',
    reports: [describe({ checks, maturity })],
    record: { checks, maturity },
  };
}

async function trainedModels(
  project: Project | undefined,
  workspace: Ports['workspace'],
): Promise<Set<string>> {
  const names = new Set<string>();
  for (const name of Object.keys(project?.models ?? {})) {
    const text = await workspace.readText(trainLockPath(name));
    if (text !== undefined) {
      readTrainLock(text, trainLockPath(name));
      names.add(name);
    }
  }
  return names;
}

const SIGN = { pass: '✅', warn: '⚠️', fail: '❌', unknown: '❔' } as const;

function describe({ checks, maturity }: DoctorRecord) {
  const failed = checks.filter(({ status }) => status === 'fail').length;
  const warned = checks.filter(({ status }) => status === 'warn').length;
  const total = maturity.reduce((sum, { level: reached }) => sum + reached, 0);
  const status = failed > 0 ? 'fail' : warned > 0 ? 'warn' : 'pass';
  const faults =
    failed + warned === 0
      ? 'Nothing is misconfigured'
      : `${count(failed, 'fault')}, ${count(warned, 'warning')}`;
  return report(
    'doctor',
    '',
    { status, sentence: `${faults}; maturity ${total} of ${3 * maturity.length}.` },
    [
      {
        id: 'checks',
        title: 'Configuration',
        importance: 80,
        blocks: [
          table(
            ['', 'Found', 'Next step'],
            checks.map((check) => [SIGN[check.status], check.sentence, check.next ?? '']),
          ),
        ],
      },
      {
        id: 'maturity',
        title: 'Maturity',
        importance: 70,
        blocks: [
          table(
            ['Principle', ['Level', 'right'], 'Has', 'Next step'],
            maturity.map(({ principle, level: reached, has, next }) => [
              principle,
              `${reached}/3`,
              has.join('; '),
              next ?? '',
            ]),
          ),
        ],
      },
    ],
  );
}
