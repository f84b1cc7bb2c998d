import { isRastroError } from '@rastro/fault';
import { type Check, type Patient, pass } from './doctor-patient.ts';
import type { Forge, Ports, Protection } from './ports/index.ts';

type ForgePorts = Pick<Ports, 'forge' | 'context'>;

/** Whether the forge keeps the trail, the tags and the default branch from being rewritten, and still lets a job record. */
export async function protectionChecks(
  { offline }: { readonly offline: boolean },
  { project }: Patient,
  ports: ForgePorts,
  defaultBranch: string | undefined,
): Promise<Check[]> {
  const forge = offline ? undefined : await forgeIfAny(ports);
  if (!forge) {
    return ['trail', 'tags', 'default branch'].map((what) => ({
      id: `protection:${what.replaceAll(' ', '-')}`,
      status: 'unknown' as const,
      sentence: `Whether the ${what} ${what === 'tags' ? 'are' : 'is'} protected was not asked.`,
      next: 'Set GITHUB_TOKEN, and GITHUB_REPOSITORY where the remote "origin" is not on GitHub.',
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

async function forgeIfAny({ forge, context }: ForgePorts): Promise<Forge | undefined> {
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
