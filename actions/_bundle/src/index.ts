import process from 'node:process';

/** What an action's module gives: it reads its inputs, does its work, and sets the exit code. */
interface ActionModule {
  main(): Promise<void>;
}

/** Each verb is a chunk of its own, loaded only when it runs; what verbs share is in chunks that they share. */
const verbs: Readonly<Record<string, () => Promise<ActionModule>>> = {
  audit: () => import('@rastro/action-audit'),
  comment: () => import('@rastro/action-comment'),
  compare: () => import('@rastro/action-compare'),
  deploy: () => import('@rastro/action-deploy'),
  evaluate: () => import('@rastro/action-evaluate'),
  monitor: () => import('@rastro/action-monitor'),
  promote: () => import('@rastro/action-promote'),
  release: () => import('@rastro/action-release'),
  rollback: () => import('@rastro/action-rollback'),
  sweep: () => import('@rastro/action-sweep'),
  train: () => import('@rastro/action-train'),
  validate: () => import('@rastro/action-validate'),
  cli: async () => {
    const { main } = await import('@rastro/cli');
    return { main: () => main(process.argv.slice(2)) };
  },
};

/** Runs a verb's action, or the command line (`cli`) with this process's arguments. */
export async function run(verb: string): Promise<void> {
  const load = verbs[verb];
  if (!load) throw new Error(`this bundle has no ${verb}`);
  const action = await load();
  await action.main();
}
