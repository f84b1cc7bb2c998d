import { isRastroError } from '@rastro/fault';
import type { Project } from '@rastro/lineage';
import { dataLockPath, readTrainLock, trainLockPath } from '@rastro/lineage';
import { POLICY_FILE, POLICY_TESTS_FILE } from '@rastro/registry';
import { type Chain, standingEntries } from '@rastro/trail';
import { z } from 'zod';
import type { Outcome } from './outcome.ts';
import type { Forge, Ports, Protection } from './ports/index.ts';
import { findProject } from './project.ts';
import { findProtectedPolicy, type ProtectedPolicy } from './protected-policy.ts';
import { report, table } from './report.ts';
import { readTrail } from './trail.ts';
import { readWorkflows, type Workflow } from './workflow-files.ts';

export const DoctorRequest = z.strictObject({
  offline: z
    .boolean()
    .default(false)
    .describe('Look at this clone alone; ask neither the remote nor GitHub.'),
});
export type DoctorRequest = z.output<typeof DoctorRequest>;

/** One thing looked at. `unknown`: it could not be asked, and `next` says what that would take. */
export interface Check {
  readonly id: string;
  readonly status: 'pass' | 'warn' | 'fail' | 'unknown';
  readonly sentence: string;
  readonly next: string | null;
}

/** How far a principle is put into practice: 0 to 3, and the step to the next level. */
export interface Maturity {
  readonly principle: string;
  readonly level: number;
  readonly has: readonly string[];
  readonly next: string | null;
}

export interface DoctorRecord {
  readonly checks: readonly Check[];
  readonly maturity: readonly Maturity[];
}

type DoctorPorts = Pick<Ports, 'workspace' | 'repository' | 'clone' | 'forge' | 'context' | 'sha256'>;

/** Everything that is looked at, read once. */
interface Patient {
  readonly project: Project | undefined;
  readonly workflows: readonly Workflow[];
  readonly policy: ProtectedPolicy | undefined;
  readonly chain: Chain;
  readonly hasTrail: boolean;
  readonly locks: ReadonlySet<string>;
  readonly files: ReadonlySet<string>;
}

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
    locks: await trainedModels(project, ports.workspace),
    files: new Set(
      await ports.workspace.list([POLICY_TESTS_FILE, 'contracts/**/*.yaml', 'rastro.lock/**/*.yaml']),
    ),
  };
  const checks = [
    shallow(await git.isShallow()),
    ...trailChecks(patient),
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

const pass = (id: string, sentence: string): Check => ({ id, status: 'pass', sentence, next: null });

function shallow(isShallow: boolean): Check {
  return isShallow
    ? {
        id: 'clone',
        status: 'warn',
        sentence: 'This clone is shallow: an offline audit cannot follow its history.',
        next: 'Check out with fetch-depth: 0, or run git fetch --unshallow.',
      }
    : pass('clone', 'This clone has the whole history.');
}

function trailChecks({ chain, hasTrail }: Patient): Check[] {
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

function policyCheck({ policy }: Patient): Check {
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

function permissionChecks(workflows: readonly Workflow[]): Check[] {
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

function checkoutChecks(workflows: readonly Workflow[]): Check[] {
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

async function protectionChecks(
  { offline }: DoctorRequest,
  { project }: Patient,
  ports: DoctorPorts,
  defaultBranch: string | undefined,
): Promise<Check[]> {
  const forge = offline ? undefined : await forgeIfAny(ports);
  if (!forge) {
    return ['trail', 'tags', 'default branch'].map((what) => ({
      id: `protection:${what.replaceAll(' ', '-')}`,
      status: 'unknown' as const,
      sentence: `Whether the ${what} ${what === 'tags' ? 'are' : 'is'} protected was not asked.`,
      next: 'Set GITHUB_REPOSITORY and GITHUB_TOKEN.',
    }));
  }
  const [model = 'model'] = Object.keys(project?.models ?? {});
  return [
    ruled('trail', 'The branch rastro/trail', await forge.branchProtection('rastro/trail'), [
      'deletion',
      'non_fast_forward',
    ]),
    ...blocked(await forge.branchProtection('rastro/trail'), await forge.tagProtection(`${model}@v1.0.0`)),
    ruled('tags', `Tags such as ${model}@v1.0.0`, await forge.tagProtection(`${model}@v1.0.0`), [
      'deletion',
      'update',
    ]),
    ...(defaultBranch === undefined
      ? []
      : [reviewed(defaultBranch, await forge.branchProtection(defaultBranch))]),
  ];
}

async function forgeIfAny({ forge, context }: DoctorPorts): Promise<Forge | undefined> {
  if (!context.slug) return undefined;
  try {
    return await forge();
  } catch (error) {
    if (isRastroError(error)) return undefined;
    throw error;
  }
}

function ruled(
  what: string,
  subject: string,
  { rules, classic }: Protection,
  wanted: readonly string[],
): Check {
  const id = `protection:${what}`;
  const missing = wanted.filter((rule) => !rules.includes(rule));
  if (missing.length === 0) return pass(id, `${subject}: rules ${wanted.join(' and ')} are in force.`);
  if (classic && what === 'trail')
    return pass(id, `${subject} has a branch protection; by default that refuses deletion and force pushes.`);
  return {
    id,
    status: 'fail',
    sentence: `${subject}: no rule ${missing.join(', no rule ')}, so that history can be rewritten.`,
    next: `Add a ruleset with ${wanted.map((rule) => RULE[rule]).join(' and ')}, and nobody to bypass it.`,
  };
}

const RULE: Readonly<Record<string, string>> = {
  deletion: '"Restrict deletions"',
  non_fast_forward: '"Block force pushes"',
  update: '"Restrict updates"',
};

/** Rules under which a job's own token cannot write the trail or a tag. */
function blocked(trail: Protection, tags: Protection): Check[] {
  const tooMuch = [
    ...trail.rules
      .filter((rule) => ['creation', 'update', 'pull_request', 'required_status_checks'].includes(rule))
      .map((rule) => `${rule} on rastro/trail`),
    ...tags.rules.filter((rule) => rule === 'creation').map((rule) => `${rule} on tags`),
  ];
  if (tooMuch.length === 0) return [];
  return [
    {
      id: 'protection:writable',
      status: 'fail',
      sentence: `The token of a job cannot record anything: ${tooMuch.join(', ')}.`,
      next: 'Take these rules off; deletion and force pushes are what must be blocked.',
    },
  ];
}

function reviewed(branch: string, { rules, classic }: Protection): Check {
  return rules.includes('pull_request') || classic
    ? pass('protection:default-branch', `${branch} takes changes by pull request.`)
    : {
        id: 'protection:default-branch',
        status: 'fail',
        sentence: `Anybody who can push can change the policy: ${branch} is not protected.`,
        next: 'Add a ruleset with "Require a pull request before merging".',
      };
}

interface Step {
  readonly has: string;
  readonly done: boolean;
  readonly next: string;
}

/** Levels in order: a level counts when those below it do. */
function maturityOf(patient: Patient, checks: readonly Check[]): Maturity[] {
  const { project, workflows, policy, chain, locks, files } = patient;
  const models = Object.entries(project?.models ?? {});
  const used = new Set(workflows.flatMap(({ jobs }) => jobs.flatMap(({ verbs }) => verbs)));
  const runs = (verbs: readonly string[], event: string) =>
    workflows.some(
      ({ events, jobs }) =>
        events.includes(event) && jobs.some((job) => job.verbs.some((verb) => verbs.includes(verb))),
    );
  const every = (holds: (name: string) => boolean) =>
    models.length > 0 && models.every(([name]) => holds(name));
  const entries = standingEntries(chain.entries).map(({ entry }) => entry);
  const recorded = (kind: string, name?: string) =>
    entries.some(
      (entry) =>
        entry.kind === kind && (name === undefined || ('model' in entry.event && entry.event.model === name)),
    );
  const ok = (id: string) => checks.some((check) => check.id === id && check.status === 'pass');
  const datasets = Object.entries(project?.data ?? {});
  const stages = Object.values(policy?.policy.stages ?? {});
  const step = (has: string, done: boolean, next: string): Step => ({ has, done, next });
  return [
    level('Automation', [
      step(
        'a workflow runs on pull requests',
        runs([...used], 'pull_request'),
        'Run validate and evaluate on pull requests.',
      ),
      step('a release needs no hand', used.has('release'), 'Add the release action to a workflow.'),
      step(
        'promotion and deployment need no hand',
        used.has('promote') && used.has('deploy'),
        'Add the promote and deploy actions to a workflow.',
      ),
    ]),
    level('Versioning', [
      step(
        'models are trained under lineage',
        every((name) => locks.has(name)),
        'Train with "rastro train".',
      ),
      step(
        'models are released',
        every((name) => recorded('release', name)),
        'Release with "rastro release".',
      ),
      step(
        'the record is protected',
        ok('protection:trail') && ok('protection:tags'),
        'Protect the trail and the tags with rulesets.',
      ),
    ]),
    level('Monitoring', [
      step(
        'a model is monitored',
        Object.keys(project?.monitor ?? {}).length > 0,
        'Add "monitor:" to rastro.yaml.',
      ),
      step('on a schedule', runs(['monitor'], 'schedule'), 'Run the monitor action on a schedule.'),
      step('and its findings are recorded', recorded('drift'), 'Deploy a version and run "rastro monitor".'),
    ]),
    level('Governance', [
      step('a policy is in force', policy !== undefined, `Merge a ${POLICY_FILE}.`),
      step(
        'a stage asks for evidence and people',
        stages.some(({ evaluation, approvals }) => evaluation !== undefined && approvals.min > 0),
        'Ask for an evaluation and approvals in the policy.',
      ),
      step(
        'entries must be signed',
        policy?.policy.signatures?.required === true,
        'Demand signatures in the policy.',
      ),
    ]),
    level('Reproducibility', [
      step(
        'what made each model is locked',
        every((name) => locks.has(name)),
        'Train with "rastro train" and commit rastro.lock.',
      ),
      step(
        'the data behind it was checked by digest',
        datasets.length > 0 && datasets.some(([name]) => files.has(dataLockPath(name))),
        'Run "rastro validate" and commit rastro.lock.',
      ),
      step(
        'training runs in a workflow, as on a laptop',
        used.has('train'),
        'Add the train action to a workflow.',
      ),
    ]),
    level('Tests', [
      step(
        'datasets have contracts',
        datasets.length > 0 &&
          datasets.every(([name, { contract }]) => files.has(contract ?? `contracts/${name}.yaml`)),
        'Write a contract for every dataset.',
      ),
      step(
        'models have limits to hold',
        models.length > 0 &&
          models.every(([, { evaluate }]) =>
            Object.values(evaluate?.metrics ?? {}).some(
              ({ min, max }) => min !== undefined || max !== undefined,
            ),
          ),
        'Give metrics a "min" or "max" in rastro.yaml.',
      ),
      step(
        'the policy has tests',
        files.has(POLICY_TESTS_FILE),
        `Write ${POLICY_TESTS_FILE} and run "rastro policy test".`,
      ),
    ]),
    level('Continuous X', [
      step(
        'integration: changes are judged',
        runs(['validate', 'evaluate', 'compare'], 'pull_request'),
        'Judge pull requests with validate, evaluate and compare.',
      ),
      step('delivery: versions are deployed', recorded('deploy'), 'Deploy a version with "rastro deploy".'),
      step(
        'training: a drifted model trains again',
        Object.values(project?.monitor ?? {}).some(({ retrain }) => retrain) && runs(['monitor'], 'schedule'),
        'Set "retrain: true" under "monitor:" and run it on a schedule.',
      ),
    ]),
    level('Culture', [
      step('one verb is in use', used.size >= 1, 'Add one action to a workflow; "validate" is a good first.'),
      step('four verbs are in use', used.size >= 4, 'Add the verb after the ones you use.'),
      step('eight verbs are in use', used.size >= 8, 'Add the verbs that are left.'),
    ]),
  ];
}

function level(principle: string, steps: readonly Step[]): Maturity {
  const at = steps.findIndex(({ done }) => !done);
  const reached = at < 0 ? steps.length : at;
  return {
    principle,
    level: reached,
    has: steps.slice(0, reached).map(({ has }) => has),
    next: steps[reached]?.next ?? null,
  };
}

const SIGN = { pass: '✅', warn: '⚠️', fail: '❌', unknown: '❔' } as const;

function describe({ checks, maturity }: DoctorRecord) {
  const failed = checks.filter(({ status }) => status === 'fail').length;
  const warned = checks.filter(({ status }) => status === 'warn').length;
  const total = maturity.reduce((sum, { level: reached }) => sum + reached, 0);
  const status = failed > 0 ? 'fail' : warned > 0 ? 'warn' : 'pass';
  const faults = failed + warned === 0 ? 'Nothing is misconfigured' : `${failed} faults, ${warned} warnings`;
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
