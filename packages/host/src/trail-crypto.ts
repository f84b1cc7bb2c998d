import { createHash, createPublicKey, hash, type JsonWebKey, type KeyObject, verify } from 'node:crypto';
import type { SshKey, TrailCrypto } from '@rastro/trail';

/** Digests and SSH signature checks through Node's own cryptography. */
export const trailCrypto: TrailCrypto = {
  // In one call: one object less for each of ten thousand entries.
  sha256: (bytes) => hash('sha256', bytes, 'hex'),
  digest: (algorithm, bytes) => createHash(algorithm).update(bytes).digest(),
  verify({ key, format, signature, message }) {
    const known = FORMATS[format];
    const publicKey = known && known.keyType === key.type ? publicKeyOf(key) : undefined;
    if (!known || !publicKey) return false;
    const raw = known.curve ? rawEcdsa(signature, known.curve.bytes) : signature;
    if (!raw) return false;
    return verify(
      known.hash,
      message,
      known.curve ? { key: publicKey, dsaEncoding: 'ieee-p1363' } : publicKey,
      raw,
    );
  },
};

interface Format {
  readonly keyType: string;
  readonly hash: string | null;
  readonly curve?: { readonly name: string; readonly bytes: number };
}

const P256 = { name: 'P-256', bytes: 32 };
const P384 = { name: 'P-384', bytes: 48 };
const P521 = { name: 'P-521', bytes: 66 };

/** Signature formats of RFC 8709, RFC 8332 and RFC 5656. */
const FORMATS: Readonly<Record<string, Format>> = {
  'ssh-ed25519': { keyType: 'ssh-ed25519', hash: null },
  'rsa-sha2-256': { keyType: 'ssh-rsa', hash: 'sha256' },
  'rsa-sha2-512': { keyType: 'ssh-rsa', hash: 'sha512' },
  'ecdsa-sha2-nistp256': { keyType: 'ecdsa-sha2-nistp256', hash: 'sha256', curve: P256 },
  'ecdsa-sha2-nistp384': { keyType: 'ecdsa-sha2-nistp384', hash: 'sha384', curve: P384 },
  'ecdsa-sha2-nistp521': { keyType: 'ecdsa-sha2-nistp521', hash: 'sha512', curve: P521 },
};

/** Few keys sign many entries, and taking one in costs about as much as a check. */
const publicKeys = new Map<string, KeyObject | undefined>();

function publicKeyOf(key: SshKey): KeyObject | undefined {
  const blob = Buffer.from(key.blob).toString('base64');
  if (!publicKeys.has(blob)) publicKeys.set(blob, importedKey(key));
  return publicKeys.get(blob);
}

function importedKey(key: SshKey): KeyObject | undefined {
  const jwk = jwkOf(key);
  if (!jwk) return undefined;
  try {
    return createPublicKey({ key: jwk, format: 'jwk' });
  } catch {
    return undefined; // not a point of the curve, or no number at all: no key, so nothing is signed by it
  }
}

function jwkOf({ type, fields }: SshKey): JsonWebKey | undefined {
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url');
  if (type === 'ssh-ed25519' && fields[0]) return { kty: 'OKP', crv: 'Ed25519', x: text(fields[0]) };
  if (type === 'ssh-rsa' && fields[0] && fields[1])
    return { kty: 'RSA', e: text(unsigned(fields[0])), n: text(unsigned(fields[1])) };
  const curve = FORMATS[type]?.curve;
  const point = fields[1];
  if (!curve || point?.[0] !== 4 || point.length !== 1 + 2 * curve.bytes) return undefined;
  return {
    kty: 'EC',
    crv: curve.name,
    x: text(point.subarray(1, 1 + curve.bytes)),
    y: text(point.subarray(1 + curve.bytes)),
  };
}

/** An mpint without the zero byte that keeps it positive. */
function unsigned(number: Uint8Array): Uint8Array {
  return number[0] === 0 ? number.subarray(1) : number;
}

/** The two mpints of an SSH ECDSA signature, padded side by side as IEEE P1363 has them. */
function rawEcdsa(signature: Uint8Array, size: number): Uint8Array | undefined {
  const view = new DataView(signature.buffer, signature.byteOffset, signature.byteLength);
  const out = new Uint8Array(2 * size);
  let offset = 0;
  for (const part of [0, 1]) {
    if (offset + 4 > signature.length) return undefined;
    const length = view.getUint32(offset);
    const number = unsigned(signature.subarray(offset + 4, offset + 4 + length));
    if (offset + 4 + length > signature.length || number.length > size) return undefined;
    out.set(number, (part + 1) * size - number.length);
    offset += 4 + length;
  }
  return offset === signature.length ? out : undefined;
}
