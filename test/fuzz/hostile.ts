import fc from 'fast-check';

/** Texts that some program or other has stumbled over, and any other text. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    '-',
    '--upload-pack=x',
    '-C/',
    '../../etc/passwd',
    '/etc/passwd',
    'C:\\x',
    '..\\..\\x',
    'a/../../b',
    '.git/config',
    '.',
    '..',
    '~/.ssh/id_rsa',
    '$(touch pwned)',
    '`touch pwned`',
    ';touch pwned;',
    '::error::pwned',
    '\n::set-output name=verdict::pass\n',
    'x\r\n::add-mask::a',
    '<script>alert(1)</script>',
    '@org/team',
    '](http://evil.example)',
    '__proto__',
    'constructor',
    'toString',
    'null',
    'NaN',
    '1e999',
    '-0',
    '0x10',
    '9007199254740993',
    'true',
    '{{ x }}',
    '%0A%2e%2e',
    '*',
    '**/*',
    '[',
    '{a,b',
    '!x',
    '?',
    '(',
    'a'.repeat(300),
    `${'a/'.repeat(3000)}b`,
    '\u202Eabc',
    '\uFEFFx',
    '\uD800',
    'é',
    '😀',
    '\u0000',
    '\u0007\u001b[2J',
    'HEAD',
    'HEAD~1',
    'HEAD@{u}',
    'refs/heads/main',
    'v1.2.3',
    'v0.0.0-0+x',
    '0',
    '-1',
    '1e3',
  ),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
);

const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 3, arbitrary: hostileText },
  fc.constantFrom(null, true, 0, -1, 1.5, 1e21, Number.NaN, Number.POSITIVE_INFINITY, [], {}, [[]]),
  fc.constant(nested(200)),
  fc.jsonValue(),
);

function nested(depth: number): unknown {
  let value: unknown = 'x';
  for (let level = 0; level < depth; level++) value = level % 2 ? [value] : { a: value };
  return value;
}

/** A document with one to three values somewhere in it replaced, dropped, or joined by a key that nobody knows. */
export function bent(document: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const bend = fc.record({
    at: fc.nat(10_000),
    how: fc.constantFrom('replace', 'drop', 'add', 'rename'),
    key: hostileText,
    value: hostileValue,
  });
  return fc
    .tuple(document, fc.array(bend, { minLength: 1, maxLength: 3 }))
    .map(([value, bends]) => bends.reduce((whole: unknown, one) => bendOnce(whole, one), value));
}

interface Bend {
  readonly at: number;
  readonly how: string;
  readonly key: string;
  readonly value: unknown;
}

function bendOnce(whole: unknown, { at, how, key, value }: Bend): unknown {
  const copy = structuredClone(whole);
  const places = placesIn(copy);
  const place = places[at % Math.max(1, places.length)];
  if (!place) return value;
  const holder = place.holder as Record<string, unknown>;
  if (how === 'replace') set(holder, place.key, value);
  else if (how === 'add' && !Array.isArray(holder)) set(holder, key, value);
  else if (how === 'rename' && !Array.isArray(holder)) {
    set(holder, key, holder[place.key]);
    delete holder[place.key];
  } else if (Array.isArray(holder)) holder.splice(Number(place.key), 1);
  else delete holder[place.key];
  return copy;
}

/** As JSON.parse does it: `__proto__` is a key like any other. */
function set(holder: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });
}

function placesIn(value: unknown): { holder: object; key: string }[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [{ holder: value, key }, ...placesIn(inner)]);
}

/** Bytes with a few of them changed, cut out, doubled, or with others put in. */
export function damaged(bytes: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  const damage = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    length: fc.nat(40),
    put: fc.oneof(
      fc.uint8Array({ maxLength: 12 }),
      fc
        .constantFrom('\0', '"', '[', '{', '*a', '&a ', '<<: ', '!!js ', '\t', '\n- ', ': ', '%', '"\\u0000"')
        .map((text) => Buffer.from(text)),
      fc.constant(Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f])),
    ),
  });
  return fc.tuple(bytes, fc.array(damage, { minLength: 1, maxLength: 4 })).map(([whole, damages]) =>
    damages.reduce((left: Uint8Array, { at, length, put }) => {
      const start = Math.floor(at * left.length);
      return Buffer.concat([left.subarray(0, start), put, left.subarray(start + length)]);
    }, whole),
  );
}
