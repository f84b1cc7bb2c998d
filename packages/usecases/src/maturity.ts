import { dataLockPath } from '@rastro/lineage';
import { POLICY_FILE, POLICY_TESTS_FILE } from '@rastro/registry';
import { standingEntries } from '@rastro/trail';
import type { Check, Patient } from './doctor-patient.ts';

/** How far a principle is put into practice: 0 to 3, and the step to the next level. */
export interface Maturity {
  readonly principle: string;
  readonly level: number;
  readonly has: readonly string[];
  readonly next: string | null;
}

interface Step {
  readonly has: string;
  readonly done: boolean;
  readonly next: string;
}

/** Levels in order: a level counts when those below it do. */
export function maturityOf(patient: Patient, checks: readonly Check[]): Maturity[] {
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
