/** One field of a protobuf message, as it is on the wire. */
export interface Field {
  readonly number: number;
  /** The content of a string, bytes, message or packed field; empty for numbers. */
  readonly bytes: Uint8Array;
  /** The value of a variable-length integer, as int64; 0 for others. */
  readonly integer: bigint;
}

/** The bytes are not a protobuf message. */
export class ProtobufError extends Error {}

const nothing = new Uint8Array(0);

/**
 * The fields of a protobuf message, in order. Nothing is copied: `bytes` are views.
 * Encoding: protobuf.dev/programming-guides/encoding.
 * @throws ProtobufError when the message is cut or malformed
 */
export function* fields(message: Uint8Array): Generator<Field> {
  const reader = { message, at: 0 };
  while (reader.at < message.length) {
    const tag = Number(varint(reader));
    const number = Math.floor(tag / 8);
    if (number < 1) throw new ProtobufError('a field has no number');
    switch (tag % 8) {
      case 0:
        yield { number, bytes: nothing, integer: BigInt.asIntN(64, varint(reader)) };
        break;
      case 1:
        yield { number, bytes: take(reader, 8), integer: 0n };
        break;
      case 2:
        yield { number, bytes: take(reader, Number(varint(reader))), integer: 0n };
        break;
      case 5:
        yield { number, bytes: take(reader, 4), integer: 0n };
        break;
      default:
        throw new ProtobufError(`field ${number} has an unknown wire type`);
    }
  }
}

/** The integers of a repeated field, packed or not. */
export function integers(field: Field): bigint[] {
  if (field.bytes.length === 0) return [field.integer];
  const reader = { message: field.bytes, at: 0 };
  const found: bigint[] = [];
  while (reader.at < field.bytes.length) found.push(BigInt.asIntN(64, varint(reader)));
  return found;
}

const utf8 = new TextDecoder();

export function text(field: Field): string {
  return utf8.decode(field.bytes);
}

/** A field that holds bytes: a string or a message. */
export function encodeField(number: number, content: Uint8Array): Uint8Array {
  return Buffer.concat([encodeVarint(number * 8 + 2), encodeVarint(content.length), content]);
}

interface Reader {
  readonly message: Uint8Array;
  at: number;
}

function take(reader: Reader, length: number): Uint8Array {
  const end = reader.at + length;
  if (end > reader.message.length) throw new ProtobufError('the message is cut off');
  const bytes = reader.message.subarray(reader.at, end);
  reader.at = end;
  return bytes;
}

function varint(reader: Reader): bigint {
  let low = 0;
  let scale = 1;
  // Up to 49 bits are exact in a number, which is far cheaper than a bigint.
  for (let count = 0; count < 7; count++) {
    const byte = nextByte(reader);
    low += (byte & 0x7f) * scale;
    if (byte < 0x80) return BigInt(low);
    scale *= 0x80;
  }
  let value = BigInt(low);
  for (let shift = 49n; shift < 70n; shift += 7n) {
    const byte = nextByte(reader);
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  throw new ProtobufError('an integer is too long');
}

function nextByte(reader: Reader): number {
  const byte = reader.message[reader.at];
  if (byte === undefined) throw new ProtobufError('the message is cut off');
  reader.at++;
  return byte;
}

function encodeVarint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 0x80)) {
    if (rest < 0x80) return Uint8Array.from([...bytes, rest]);
    bytes.push((rest % 0x80) | 0x80);
  }
}
