import { existsSync, realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fault, InputError } from '@rastro/fault';

/**
 * The command that runs `rastro serve` with this very code: the command line beside us. An action's stub lies in
 * `actions/<verb>/dist`, the command line's in `actions/_bundle/dist`.
 */
export function serveCommandLine(): [string, ...string[]] {
  const started = realpathSync(resolve(process.argv[1] ?? ''));
  const candidates = [join(dirname(started), 'cli.js'), join(dirname(started), '../../_bundle/dist/cli.js')];
  const cli = candidates.find((path) => existsSync(path));
  if (cli) return [process.execPath, cli, 'serve'];
  throw new InputError(
    fault(
      'serve-missing',
      'the local server is not part of this installation',
      undefined,
      'Use the bundled action or command line.',
    ),
  );
}
