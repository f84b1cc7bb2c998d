import { POLICY_FILE } from '@rastro/registry';
import { type Check, type Patient, pass } from './doctor-patient.ts';
import type { Workflow } from './workflow-files.ts';

export function cloneCheck(isShallow: boolean): Check {
  return isShallow
    ? {
        id: 'clone',
        status: 'warn',
        sentence: 'This clone is shallow: an offline audit cannot follow its history.',
        next: 'Check out with fetch-depth: 0, or run git fetch --unshallow.',
      }
    : pass('clone', 'This clone has the whole history.');
}

export function trailChecks({ chain, hasTrail }: Patient): Check[] {
  if (!hasTrail) {
    return [
      {
        id: 'trail',
        status: 'warn',
        sentence: 'There is no trail yet.',
        next: 'Release a model: rastro release.',
      },
    ];
  }
  const [fault] = chain.faults;
  if (fault) {
    return [
      {
        id: 'trail',
        status: 'fail',
        sentence: `The trail is broken at ${fault.path ?? fault.commit}: ${fault.message}.`,
        next: 'Compare it with another clone and restore it.',
      },
    ];
  }
  return [pass('trail', `The trail is one unbroken chain of ${chain.entries.length} entries.`)];
}

export function policyCheck({ policy }: Patient): Check {
  return policy
    ? pass(
        'policy',
        `${POLICY_FILE} of the protected branch names ${Object.keys(policy.policy.stages).length} stages.`,
      )
    : {
        id: 'policy',
        status: 'warn',
        sentence: `There is no ${POLICY_FILE} on the protected branch: nothing can be promoted.`,
        next: 'Write one and merge it.',
      };
}

/** What a job that runs an action must be permitted, besides reading. */
const NEEDED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  comment: { 'pull-requests': 'write' },
  release: { contents: 'write' },
  promote: { contents: 'write' },
  rollback: { contents: 'write' },
  deploy: { contents: 'write', deployments: 'write' },
  monitor: { contents: 'write', issues: 'write' },
};

export function permissionChecks(workflows: readonly Workflow[]): Check[] {
  return workflows.flatMap(({ path, jobs, permissions }) => {
    const ours = jobs.filter(({ verbs }) => verbs.length > 0);
    if (ours.length === 0) return [];
    const checks = ours.flatMap((job): Check[] => {
      const granted = job.permissions ?? permissions;
      const id = `permissions:${path}:${job.name}`;
      if (granted === undefined) {
        return [
          {
            id,
            status: 'warn',
            sentence: `${path}: job ${job.name} has whatever the repository grants by default.`,
            next: 'Write "permissions: {}" at the top and grant each job what it needs.',
          },
        ];
      }
      const missing = job.verbs.flatMap((verb) =>
        Object.entries(NEEDED[verb] ?? {})
          .filter(([scope, level]) => !grants(granted, scope, level))
          .map(([scope, level]) => `${scope}: ${level} (${verb})`),
      );
      if (missing.length === 0) return [];
      return [
        {
          id,
          status: 'fail',
          sentence: `${path}: job ${job.name} lacks ${missing.join(', ')}.`,
          next: 'Add it under the permissions of the job.',
        },
      ];
    });
    return checks.length > 0
      ? checks
      : [pass(`permissions:${path}`, `${path} grants what its actions need.`)];
  });
}

function grants(permissions: NonNullable<Workflow['permissions']>, scope: string, level: string): boolean {
  if (typeof permissions === 'string') return permissions === 'write-all';
  return permissions[scope] === level;
}

export function checkoutChecks(workflows: readonly Workflow[]): Check[] {
  return workflows.flatMap(({ path, jobs }) =>
    jobs
      .filter(
        ({ verbs, fetchDepth }) => verbs.includes('audit') && fetchDepth !== undefined && fetchDepth !== 0,
      )
      .map(
        ({ name, fetchDepth }): Check => ({
          id: `checkout:${path}:${name}`,
          status: 'warn',
          sentence: `${path}: job ${name} audits a clone of depth ${fetchDepth}.`,
          next: 'Check out with fetch-depth: 0.',
        }),
      ),
  );
}
