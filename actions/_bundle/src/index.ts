import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import process from 'node:process';
import { cacheFolder } from '@rastro/engine';

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

/** What the bundle is written for. Older versions fail while it loads, at a place that tells nobody why. */
const NODE_MAJOR = 24;

/** Runs a verb's action, or the command line (`cli`) with this process's arguments. */
export async function run(verb: string): Promise<void> {
  if (Number.parseInt(process.versions.node, 10) < NODE_MAJOR) {
    process.stderr.write(
      `error Rastro needs Node.js ${NODE_MAJOR} or later, but this is ${process.version} [node-too-old]\n      Install Node.js ${NODE_MAJOR}, or in a clone run it as "npm run -s rastro --".\n`,
    );
    process.exitCode = 2;
    return;
  }
  // What V8 makes of the code is kept where the native parts are, for the next step of the job and the next job on the machine.
  enableCompileCache(join(cacheFolder(process.env), 'rastro-compiled'));
  const load = verbs[verb];
  if (!load) throw new Error(`this bundle has no ${verb}`);
  const action = await load();
  await action.main();
}
