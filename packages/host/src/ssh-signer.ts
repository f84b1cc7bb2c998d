import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fault, InputError, OutsideError } from '@rastro/fault';
import { SIGNATURE_NAMESPACE, signerOf, unarmor } from '@rastro/trail';
import type { TrailSigner } from '@rastro/usecases';
import { trailCrypto } from './trail-crypto.ts';

const KEY = 'RASTRO_SIGNING_KEY';
const KEY_FILE = 'RASTRO_SIGNING_KEY_FILE';

/**
 * The SSH key that the environment gives to sign the trail with: its text in RASTRO_SIGNING_KEY, or its path in
 * RASTRO_SIGNING_KEY_FILE. The text is taken out of the environment, so that no command that we start inherits it.
 */
export function sshSigner(env: Record<string, string | undefined>): TrailSigner | undefined {
  const text = env[KEY]?.trim();
  delete env[KEY];
  const file = env[KEY_FILE]?.trim();
  if (!text && !file) return undefined;
  return {
    async sign(message) {
      const armored = text
        ? await withKeyFile(text, (path) => sshSign(path, message))
        : await sshSign(file!, message);
      const signature = unarmor(armored);
      const key = signerOf({ signature, message, crypto: trailCrypto });
      if (!key) {
        const next = 'Give a key pair whose public half belongs to its private one.';
        throw new InputError(
          fault('signing-key', 'ssh-keygen made a signature that does not hold', undefined, next),
        );
      }
      return { key, signature };
    },
  };
}

/** Puts a key where only we can read it, for as long as it is needed. A secret often loses its last line end. */
async function withKeyFile<T>(text: string, use: (path: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'rastro-key-'));
  try {
    const path = join(folder, 'key');
    await writeFile(path, `${text.replaceAll('\r\n', '\n')}\n`, { mode: 0o600 });
    return await use(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The armored signature of ssh-keygen. It never asks: a key with a passphrase must be in an agent. */
function sshSign(path: string, message: Uint8Array): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('ssh-keygen', ['-Y', 'sign', '-n', SIGNATURE_NAMESPACE, '-f', path], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, SSH_ASKPASS_REQUIRE: 'never', LC_ALL: 'C' },
    });
    let [out, err] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      out += chunk;
    });
    child.stderr.setEncoding('utf8').on('data', (chunk) => {
      err += chunk;
    });
    // A key that cannot be read ends the program before it has read the message.
    child.stdin.on('error', () => undefined);
    child.once('error', (cause) => reject(notRun(cause)));
    child.once('close', (code) => (code === 0 ? resolve(out) : reject(refused(err))));
    child.stdin.end(message);
  });
}

function notRun(cause: Error): Error {
  return new OutsideError(
    fault('ssh-keygen-missing', 'ssh-keygen cannot be run here', undefined, 'Install OpenSSH 8.1 or later.'),
    { cause },
  );
}

function refused(words: string): Error {
  const reason = /passphrase/i.test(words)
    ? 'it has a passphrase'
    : /No such file/i.test(words)
      ? 'there is no such file'
      : 'it is not an OpenSSH private key';
  return new InputError(
    fault(
      'signing-key',
      `the signing key cannot be used: ${reason}`,
      undefined,
      `Give an unencrypted OpenSSH private key in ${KEY}, or the path of one that your agent holds in ${KEY_FILE}.`,
    ),
  );
}
