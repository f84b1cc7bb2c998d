import {
  type AnnotatedTag,
  compareVersions,
  formatTagName,
  gtoView,
  history,
  isModelName,
  isStageName,
  isVersion,
  parseTagName,
  type RegistryTag,
  registryState,
} from '@rastro/registry';
import fc from 'fast-check';
import { valid as validVersion } from 'semver';
import { expect, test } from 'vitest';
import { hostileText } from './hostile.ts';
import { runs } from './settings.ts';

const name = fc.stringMatching(/^[a-zA-Z0-9]([a-zA-Z0-9/_-]{0,8}[a-zA-Z0-9])?$/);
const folder = fc.stringMatching(/^[a-zA-Z0-9_./][a-zA-Z0-9_./-]{0,6}$/);
const model = fc.oneof(
  name,
  fc.tuple(folder, name).map(([at, one]) => `${at}:${one}`),
);
const number = fc.nat(30).map(String);
const version = fc
  .tuple(
    number,
    number,
    number,
    fc.constantFrom('', '-rc.1', '-0', '-alpha-1.x'),
    fc.constantFrom('', '+b1', '+0.x'),
  )
  .map(([major, minor, patch, pre, build]) => `v${major}.${minor}.${patch}${pre}${build}`);
const counter = fc.option(fc.nat(), { nil: undefined });

const sound: fc.Arbitrary<RegistryTag> = fc
  .oneof(
    fc.record({ action: fc.constantFrom('register', 'deregister'), model, version, counter }),
    fc.record({ action: fc.constantFrom('assign', 'unassign'), model, stage: name, counter }),
    fc.record({ action: fc.constantFrom('create', 'deprecate'), model, counter }),
  )
  .map(
    ({ counter: count, ...tag }) =>
      ({ ...tag, ...(count === undefined ? {} : { counter: count }) }) as RegistryTag,
  );

/** A tag whose parts may be anything. */
const wild: fc.Arbitrary<RegistryTag> = fc
  .tuple(
    sound,
    fc.record(
      {
        model: hostileText,
        version: fc.oneof(
          hostileText,
          version.map((one) => `${one}!`),
          version.map((one) => `${one}#1`),
        ),
        stage: fc.oneof(
          hostileText,
          name.map((one) => `${one}#7`),
          name.map((one) => `${one}!`),
        ),
        counter: fc.oneof(fc.double(), fc.integer(), fc.constant(2 ** 60)),
      },
      { requiredKeys: [] },
    ),
  )
  .map(([tag, parts]) => {
    const known = Object.entries(parts).filter(([key]) => key in tag || key === 'counter');
    return { ...tag, ...Object.fromEntries(known) } as RegistryTag;
  });

test('a tag that is written is read back as what was meant', () => {
  fc.assert(
    fc.property(sound, (tag) => {
      expect(parseTagName(formatTagName(tag))).toEqual(tag);
    }),
    runs(1000),
  );
});

test('a tag that would be read as another is not written', () => {
  fc.assert(
    fc.property(wild, (tag) => {
      let written: string;
      try {
        written = formatTagName(tag);
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
        return;
      }
      expect(parseTagName(written)).toEqual(tag);
    }),
    runs(1000),
  );
});

test('whatever a tag is called, it is read as one whose parts are safe, or is somebody else’s', () => {
  const called = fc.oneof(
    hostileText,
    fc.tuple(hostileText, fc.constantFrom('@v1.0.0', '#prod#1', '@created')).map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(called, (text) => {
      const tag = parseTagName(text);
      if (!tag) return;
      expect(isModelName(tag.model)).toBe(true);
      expect(tag.model).not.toMatch(/^-|[\s\0]/);
      if ('stage' in tag) expect(isStageName(tag.stage)).toBe(true);
      if ('version' in tag) expect(isVersion(tag.version)).toBe(true);
      expect(formatTagName(tag)).toBe(text.replace(/#0*(?=\d+$)/, '#'));
    }),
    runs(1000),
  );
});

test('a version is what semver.org says it is', () => {
  const text = fc.oneof(
    version,
    hostileText.map((one) => `v${one}`),
    fc.stringMatching(/^v[0-9a-z.+-]{1,12}$/),
  );
  fc.assert(
    fc.property(text, (one) => {
      // The library takes more: leading blanks and a "v" of its own.
      const strict =
        /^v\d/.test(one) && !/\s/.test(one) && one.length < 256 && validVersion(one.slice(1)) !== null;
      if (isVersion(one) && one.split(/[.+-]/).every((part) => part.length < 15)) expect(strict).toBe(true);
      if (strict) expect(isVersion(one)).toBe(true);
    }),
    runs(1000),
  );
});

test('versions have one order', () => {
  fc.assert(
    fc.property(version, version, version, (a, b, c) => {
      expect(Math.sign(compareVersions(a, b))).toBe(-Math.sign(compareVersions(b, a)) || 0);
      if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0)
        expect(compareVersions(a, c)).toBeLessThanOrEqual(0);
    }),
    runs(500),
  );
});

test('whatever tags there are, in whatever order, they give one state', () => {
  const tag: fc.Arbitrary<AnnotatedTag> = fc.record({
    name: fc.oneof(
      {
        weight: 4,
        arbitrary: fc.constantFrom(
          'a@v1.0.0',
          'a@v1.1.0',
          'a#prod#1',
          'a#prod#2',
          'a#prod!#3',
          'a@v1.0.0!',
          'a@deprecated',
          'a@created',
        ),
      },
      sound.map(formatTagName),
      hostileText,
    ),
    objectId: fc.constantFrom('1', '2', '3').map((digit) => digit.repeat(40)),
    commit: fc.constantFrom('a', 'b').map((digit) => digit.repeat(40)),
    message: hostileText,
    taggedAt: fc.nat(3),
    tagger: hostileText,
  });
  fc.assert(
    fc.property(fc.uniqueArray(tag, { selector: ({ name: one }) => one, maxLength: 8 }), (tags) => {
      const state = registryState(tags);
      expect(registryState([...tags].reverse())).toEqual(state);
      for (const one of state.values()) {
        for (const [, holder] of one.stages)
          expect(one.versions.map(({ version: at }) => at)).toContain(holder);
      }
      void [gtoView(state), history(state)];
    }),
    runs(500),
  );
});
