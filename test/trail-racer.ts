import { once } from 'node:events';
import process from 'node:process';
import { terminalContext, wirePorts } from '@rastro/host';
import { promote, release } from '@rastro/usecases';

/**
 * One of many writers: releases what its clone holds and promotes it, over and over from a fresh state whenever another writer
 * was first. Says when it is ready, begins when it is told to, and ends with what became of both.
 */
const [directory = '', name = ''] = process.argv.slice(2);
const wired = await wirePorts({
  directory,
  context: async () =>
    terminalContext({}, { user: { name, email: `${name}@example.com` }, origin: undefined }),
  token: undefined,
  apiUrl: undefined,
  progress: { step: () => undefined },
  onRunner: false,
  output: process.stderr,
});
process.stdout.write('ready\n');
await once(process.stdin, 'data');
process.stdin.destroy();
const { record: released } = await release(
  { model: 'churn', version: undefined, githubRelease: false, dryRun: false },
  wired.ports,
);
const { record: moved } = await promote(
  { model: 'churn', version: released.version, stage: 'prod', dryRun: false },
  wired.ports,
);
process.stdout.write(
  `${JSON.stringify({ version: released.version, sha256: released.sha256, moved: moved.status })}\n`,
);
await wired.close();
