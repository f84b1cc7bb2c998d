import { fault, InputError } from '@rastro/fault';
import { fromBase64, toBase64 } from './base64.ts';

/** The cryptography that this package needs and does not contain. */
export interface TrailCrypto {
  /** Lower-case hex. */
  sha256(bytes: Uint8Array): string;
  digest(algorithm: 'sha256' | 'sha512', bytes: Uint8Array): Uint8Array;
  /** Whether `signature` of that format (`ssh-ed25519`, `rsa-sha2-512`…) over `message` is the key's. False when unsupported. */
  verify(check: {
    readonly key: SshKey;
    readonly format: string;
    readonly signature: Uint8Array;
    readonly message: Uint8Array;
  }): boolean;
}

/** A public key in OpenSSH's wire format, taken apart: `fields` are the strings and integers after the type (RFC 4253, 5656, 8709). */
export interface SshKey {
  readonly type: string;
  readonly blob: Uint8Array;
  readonly fields: readonly Uint8Array[];
}

/** The namespace that binds a signature to the trail, so that one made for a commit or a file does not count. */
export const SIGNATURE_NAMESPACE = 'rastro-trail';

const MAGIC = new TextEncoder().encode('SSHSIG');
const VERSION = 1;

interface SshSignature {
  readonly key: SshKey;
  readonly namespace: string;
  readonly reserved: Uint8Array;
  readonly hash: string;
  readonly format: string;
  readonly signature: Uint8Array;
}

/** The key that made an SSHSIG signature over a message, or undefined when the signature does not hold. */
export function signerOf(check: {
  readonly signature: Uint8Array;
  readonly message: Uint8Array;
  readonly crypto: TrailCrypto;
}): SshKey | undefined {
  const { signature, message, crypto } = check;
  const parsed = parseSignature(signature);
  if (!parsed || parsed.namespace !== SIGNATURE_NAMESPACE) return undefined;
  if (parsed.hash !== 'sha256' && parsed.hash !== 'sha512') return undefined;
  const signed = concat([
    MAGIC,
    field(new TextEncoder().encode(parsed.namespace)),
    field(parsed.reserved),
    field(new TextEncoder().encode(parsed.hash)),
    field(crypto.digest(parsed.hash, message)),
  ]);
  const { key, format } = parsed;
  return crypto.verify({ key, format, signature: parsed.signature, message: signed }) ? key : undefined;
}

/** The key that a signature says it is by. Whether it is, `signerOf` tells. */
export function claimedKey(signature: Uint8Array): SshKey | undefined {
  return parseSignature(signature)?.key;
}

/** The binary signature inside the text that `ssh-keygen -Y sign` writes. @throws InputError when it is not such a text. */
export function unarmor(text: string): Uint8Array {
  const body = /^-----BEGIN SSH SIGNATURE-----\n([A-Za-z0-9+/=\n]+)-----END SSH SIGNATURE-----\s*$/.exec(
    text.replaceAll('\r\n', '\n'),
  )?.[1];
  const bytes = body === undefined ? undefined : fromBase64(body.replaceAll('\n', ''));
  if (!bytes) {
    const next = 'Sign with "ssh-keygen -Y sign", and give the text that it writes, whole.';
    throw new InputError(fault('ssh-signature-malformed', 'not an SSH signature', undefined, next));
  }
  return bytes;
}

/** Reads a line of a `.pub` file. @throws InputError when it is not an OpenSSH public key. */
export function parsePublicKey(line: string): SshKey {
  const [type, base64] = line.trim().split(/\s+/);
  const blob = base64 === undefined ? undefined : fromBase64(base64);
  const key = blob ? parseKey(blob) : undefined;
  if (!key || key.type !== type) {
    throw new InputError(
      fault(
        'ssh-key-malformed',
        'not an OpenSSH public key',
        undefined,
        'Give the line of the .pub file: ssh-ed25519 AAAA….',
      ),
    );
  }
  return key;
}

/** `SHA256:…`, as `ssh-keygen -l` shows it. */
export function fingerprint(key: SshKey, crypto: TrailCrypto): string {
  return `SHA256:${toBase64(crypto.digest('sha256', key.blob)).replace(/=+$/, '')}`;
}

function parseKey(blob: Uint8Array): SshKey | undefined {
  const parts = readFields(blob);
  const [type, ...fields] = parts ?? [];
  return type ? { type: ascii(type), blob, fields } : undefined;
}

function parseSignature(bytes: Uint8Array): SshSignature | undefined {
  const head = MAGIC.length + 4;
  if (bytes.length < head || !MAGIC.every((byte, index) => bytes[index] === byte)) return undefined;
  if (uint32(bytes, MAGIC.length) !== VERSION) return undefined;
  const parts = readFields(bytes.subarray(head));
  if (parts?.length !== 5) return undefined;
  const [publicKey, namespace, reserved, hash, signature] = parts as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  const key = parseKey(publicKey);
  const inner = readFields(signature);
  const [format, raw] = inner ?? [];
  if (!key || !format || !raw || inner?.length !== 2) return undefined;
  return {
    key,
    namespace: ascii(namespace),
    reserved,
    hash: ascii(hash),
    format: ascii(format),
    signature: raw,
  };
}

/** The length-prefixed strings that fill the bytes exactly; undefined when they do not. */
function readFields(bytes: Uint8Array): Uint8Array[] | undefined {
  const fields: Uint8Array[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (at + 4 > bytes.length) return undefined;
    const length = uint32(bytes, at);
    at += 4;
    if (at + length > bytes.length) return undefined;
    fields.push(bytes.subarray(at, at + length));
    at += length;
  }
  return fields;
}

function uint32(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(at);
}

function field(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(4 + bytes.length);
  new DataView(out.buffer).setUint32(0, bytes.length);
  out.set(bytes, 4);
  return out;
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function ascii(bytes: Uint8Array): string {
  // One at a time: a call with as many arguments as a stranger's field has bytes overflows the stack.
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
}
