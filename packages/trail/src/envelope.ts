import { fault, InputError } from '@rastro/fault';
import { z } from 'zod';
import { fromBase64, toBase64 } from './base64.ts';
import { canonicalJson } from './canonical-json.ts';

export const PAYLOAD_TYPE = 'application/vnd.in-toto+json';

/** A DSSE envelope (https://github.com/secure-systems-lab/dsse, protocol v1.0.0). */
export interface Envelope {
  readonly payload: Uint8Array;
  readonly signatures: readonly { readonly keyid: string; readonly sig: Uint8Array }[];
}

const Base64 = z.string().refine((text) => fromBase64(text) !== undefined, 'not base64');

const EnvelopeJson = z.strictObject({
  payloadType: z.literal(PAYLOAD_TYPE),
  payload: Base64,
  signatures: z.array(z.strictObject({ keyid: z.string(), sig: Base64 })).min(1),
});

export function isEnvelope(json: unknown): boolean {
  return typeof json === 'object' && json !== null && 'payloadType' in json;
}

/** The bytes that are signed: `"DSSEv1" SP len(type) SP type SP len(payload) SP payload`, lengths in bytes. */
export function preAuthenticationEncoding(payload: Uint8Array, payloadType = PAYLOAD_TYPE): Uint8Array {
  const encoder = new TextEncoder();
  const type = encoder.encode(payloadType);
  const head = encoder.encode(`DSSEv1 ${type.length} ${payloadType} ${payload.length} `);
  const bytes = new Uint8Array(head.length + payload.length);
  bytes.set(head);
  bytes.set(payload, head.length);
  return bytes;
}

/** The text of an entry file that carries a signed statement. */
export function encodeEnvelope({ payload, signatures }: Envelope): string {
  return canonicalJson({
    payloadType: PAYLOAD_TYPE,
    payload: toBase64(payload),
    signatures: signatures.map(({ keyid, sig }) => ({ keyid, sig: toBase64(sig) })),
  });
}

/** @throws InputError when it is not a DSSE envelope of an in-toto statement. */
export function decodeEnvelope(json: unknown): Envelope {
  const result = EnvelopeJson.safeParse(json);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw new InputError(
      fault(
        'envelope-malformed',
        `not a DSSE envelope: ${issue?.path.join('.')}: ${issue?.message}`,
        undefined,
        'Entries are never edited: restore the trail branch from another clone.',
      ),
    );
  }
  const { payload, signatures } = result.data;
  return {
    payload: bytesOf(payload),
    signatures: signatures.map(({ keyid, sig }) => ({ keyid, sig: bytesOf(sig) })),
  };
}

function bytesOf(base64: string): Uint8Array {
  return fromBase64(base64) ?? new Uint8Array();
}
