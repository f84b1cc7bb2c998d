import { createHash } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ExitCode, explain, fault, InputError } from '@rastro/fault';
import { Command } from 'commander';
import { tell } from './run-verb.ts';

interface ServeOptions {
  readonly file: string;
  readonly name: string;
  readonly modelVersion: string;
  readonly port: string;
  readonly host: string;
  readonly readyFile?: string;
}

/** `rastro serve`: the embedded inference server in the foreground, until it is told to end. */
export function serveCommand(): Command {
  return new Command('serve')
    .description('Serve an ONNX model over HTTP in the Open Inference Protocol v2.')
    .requiredOption('--file <path>', 'the ONNX file')
    .requiredOption('--name <name>', 'name of the model')
    .option('--model-version <version>', 'version that is told to clients', 'dev')
    .option('--port <number>', 'port to listen on; 0 takes a free one', '8080')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--ready-file <path>', 'file to write the URL to once the server answers')
    .exitOverride()
    .action(async (options: ServeOptions) => {
      try {
        await serve(options);
      } catch (error) {
        process.exitCode = tell(explain(error), { json: false, colored: false });
      }
    });
}

async function serve({
  file,
  name,
  modelVersion: version,
  port,
  host,
  readyFile,
}: ServeOptions): Promise<void> {
  const number = Number(port);
  if (!Number.isInteger(number) || number < 0 || number > 65_535) {
    throw new InputError(
      fault(
        'invalid-option',
        `--port: expected a number from 0 to 65535, got '${port}'`,
        undefined,
        'Give a port, or 0 for any that is free.',
      ),
    );
  }
  const { createOnnxRuntime, loadOnnxRuntime } = await import('@rastro/engine');
  const { serveModel } = await import('@rastro/targets');
  const path = resolve(file);
  const model = await createOnnxRuntime({ load: () => loadOnnxRuntime() }).load(path);
  const sha256 = createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
  const { server, url } = await serveModel({ name, version, sha256, model }, { port: number, host });
  process.stderr.write(`serving ${name}@${version} at ${url}\n`);
  if (readyFile) {
    await writeFile(`${readyFile}.tmp`, `${url}\n`);
    await rename(`${readyFile}.tmp`, readyFile);
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      server.close(() => process.exit(ExitCode.pass));
      server.closeAllConnections();
    });
  }
}
