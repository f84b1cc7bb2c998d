import type { Protection, RunApproval } from '@rastro/usecases';
import { hasStatus } from './failures.ts';
import type { Session } from './session.ts';

/** Who let the jobs of a workflow run into their environments. */
export async function runApprovals(
  { octokit, place, attempt }: Session,
  run: number,
): Promise<RunApproval[]> {
  const doing = `reading who approved run ${run}`;
  return attempt({ doing, permission: 'actions: read' }, async () => {
    const { data } = await octokit.rest.actions.getReviewsForRun({ ...place, run_id: run });
    return data.flatMap(({ user, state, environments }) =>
      state === 'approved' || state === 'rejected'
        ? [
            {
              user: user.login,
              userId: user.id,
              state,
              environments: environments.flatMap(({ name }) => name ?? []),
            },
          ]
        : [],
    );
  });
}

const reading = (doing: string) => ({ doing, permission: 'metadata: read' });

/** Rulesets as they apply to a branch, those of the organisation included, and whether it has a branch protection. */
export async function branchProtection(
  { octokit, place, attempt }: Session,
  branch: string,
): Promise<Protection> {
  return attempt(reading(`reading the rules of branch ${branch}`), async () => {
    const rules = await octokit.paginate(octokit.rest.repos.getBranchRules, {
      ...place,
      branch,
      per_page: 100,
    });
    let classic = false;
    try {
      classic = (await octokit.rest.repos.getBranch({ ...place, branch })).data.protected;
    } catch (error) {
      // The rules of a branch can be there before the branch is.
      if (!hasStatus(error, 404)) throw error;
    }
    return { rules: [...new Set(rules.map(({ type }) => type))].sort(), classic };
  });
}

/** The rules of active rulesets whose conditions cover a tag. GitHub has no question of its own for this. */
export async function tagProtection({ octokit, place, attempt }: Session, tag: string): Promise<Protection> {
  return attempt(reading(`reading the rules of tag ${tag}`), async () => {
    const all = await octokit.paginate(octokit.rest.repos.getRepoRulesets, {
      ...place,
      includes_parents: true,
      per_page: 100,
    });
    const rules = new Set<string>();
    for (const { id, target, enforcement } of all) {
      if (target !== 'tag' || enforcement !== 'active') continue;
      const { data } = await octokit.rest.repos.getRepoRuleset({ ...place, ruleset_id: id });
      const names = data.conditions && 'ref_name' in data.conditions ? data.conditions.ref_name : undefined;
      if (!covers(names, `refs/tags/${tag}`)) continue;
      for (const { type } of data.rules ?? []) rules.add(type);
    }
    return { rules: [...rules].sort(), classic: false };
  });
}

/** Whether a ruleset's patterns (as of Ruby's fnmatch with FNM_PATHNAME) take a ref in and do not leave it out. */
function covers(names: { include?: string[]; exclude?: string[] } | undefined, ref: string): boolean {
  const matches = (pattern: string) => pattern === '~ALL' || globOf(pattern).test(ref);
  return (names?.include ?? []).some(matches) && !(names?.exclude ?? []).some(matches);
}

function globOf(pattern: string): RegExp {
  const source = pattern
    .replaceAll(/[.+^${}()|\\]/g, '\\$&')
    .replaceAll(/\*\*\/|\*|\?/g, (glob) => (glob === '**/' ? '(?:.*/)?' : glob === '*' ? '[^/]*' : '[^/]'));
  return new RegExp(`^${source}$`);
}
