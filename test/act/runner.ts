import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Files, git, realAct, realPython, temporaryDirectory } from '@rastro/testkit';
import { root } from '../docs/action-files.ts';
import { type Place, startPlace } from '../place.ts';
import { makeReleaseTree } from '../release-tree.ts';
import { type Runner, runWorkflow, type WorkflowResult, type WorkflowRun } from './run-workflow.ts';

/** A repository on a loopback GitHub whose workflows act runs, with the actions of a release. */
export interface WorkflowPlace extends Place {
  /** Runs a workflow about a commit that is on GitHub: by default the last one of main. */
  run(workflow: string, run: Partial<WorkflowRun> & Pick<WorkflowRun, 'eventName'>): Promise<WorkflowResult>;
  /** The same for a pull request, on the commit that merges it, as GitHub has it. */
  runOnPullRequest(
    workflow: string,
    pullRequest: number,
    run?: Partial<WorkflowRun>,
  ): Promise<WorkflowResult>;
  /** Runs git in the bare repository behind GitHub. */
  remote(...args: string[]): Promise<string>;
  /** What happened, by the entries of the trail. */
  kinds(): Promise<string[]>;
  /** What runners of one's own serve, by environment, from one job to the next. */
  readonly kept: string;
}

export const act = realAct();

/** Example workflows where a user copies them to. */
export function copied(...names: readonly string[]): Files {
  return Object.fromEntries(
    names.map((name) => [
      `.github/workflows/${name}.yml`,
      readFileSync(join(root, 'workflows-examples', `${name}.yml`), 'utf8'),
    ]),
  );
}

let runs = 4_000_000;

/** @param python The program that `actions/setup-python` is to bring; by default the one with scikit-learn. */
export async function startWorkflowPlace(files: Files, python = realPython()): Promise<WorkflowPlace> {
  const place = await startPlace(files);
  const release = await makeReleaseTree();
  const kept = await temporaryDirectory('rastro-kept');
  const { github } = place;
  const remoteDirectory = place.repository.remote!;
  const remote = (...args: string[]) => git(remoteDirectory, args);
  const runner: Runner = {
    act: act!,
    suite: release.tree,
    github,
    remote: remoteDirectory,
    keptWorkspace: kept.path,
    ...(python ? { python: dirname(python) } : {}),
  };
  const [owner, name] = github.repository.split('/');
  const about = {
    full_name: github.repository,
    name,
    owner: { login: owner },
    default_branch: 'main',
  };

  const run: WorkflowPlace['run'] = async (workflow, { eventName, ...more }) => {
    const commit = more.commit ?? (await remote('rev-parse', 'main'));
    const event = { ref: 'refs/heads/main', repository: about, ...more.event };
    return runWorkflow(runner, {
      workflow: `.github/workflows/${workflow}.yml`,
      token: github.token,
      runId: ++runs,
      ...more,
      eventName,
      event,
      commit,
    });
  };
  return {
    ...place,
    kept: kept.path,
    remote,
    run,
    async runOnPullRequest(workflow, number, more = {}) {
      const event = await github.pullRequestEvent(number, 'synchronize');
      const commit = await mergeCommit(remote, number);
      return run(workflow, { eventName: 'pull_request', event, commit, ...more });
    },
    async kinds() {
      const text = await remote('log', '--reverse', '--format=%B', 'rastro/trail');
      return [...text.matchAll(/^Rastro-Kind: (.+)$/gm)].map(([, kind]) => kind!);
    },
    async [Symbol.asyncDispose]() {
      await place[Symbol.asyncDispose]();
      await release[Symbol.asyncDispose]();
      await kept.dispose();
    },
  };
}

/** Makes the commit that GitHub makes for a pull request, refs/pull/<number>/merge, and gives its id. */
async function mergeCommit(remote: WorkflowPlace['remote'], number: number): Promise<string> {
  const head = `refs/pull/${number}/head`;
  const tree = await remote('merge-tree', '--write-tree', 'main', head);
  const identity = ['-c', 'user.name=GitHub', '-c', 'user.email=noreply@github.com'];
  const commit = await remote(
    ...identity,
    ...['commit-tree', tree, '-p', 'main', '-p', head, '-m', `Merge pull request #${number}`],
  );
  await remote('update-ref', `refs/pull/${number}/merge`, commit);
  return commit;
}
