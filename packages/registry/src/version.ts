import { fault, InputError } from '@rastro/fault';
import { compare, compareBuild, inc, parse } from 'semver';
import { isVersion } from './tag-name.ts';

export type Bump = 'major' | 'minor' | 'patch';

/** The version that a model's first release gets. */
export const FIRST_VERSION = 'v1.0.0';

const WEIGHT: Record<Bump, number> = { patch: 1, minor: 2, major: 3 };

export function isGreaterBump(a: Bump, b: Bump): boolean {
  return WEIGHT[a] > WEIGHT[b];
}

/** Orders versions such as `v1.10.0` by semver precedence; build metadata breaks ties so that the order is total. */
export function compareVersions(a: string, b: string): number {
  return compareBuild(a, b);
}

/**
 * The version to release next. It follows the highest version that was ever registered, deregistered ones included, so
 * that no number is used twice. A person may ask for more than the evidence requires, never for less.
 * @throws InputError when what is asked for is not a version, is taken, or is lower than required.
 */
export function nextVersion(request: {
  /** Every version ever registered for the model. */
  readonly registered: readonly string[];
  readonly required: Bump;
  readonly asked?: Bump | `v${string}`;
}): string {
  const { registered, required, asked } = request;
  const last = registered.filter(isVersion).sort(compareVersions).at(-1);
  const least = last === undefined ? FIRST_VERSION : bumped(last, required);
  if (asked === undefined) return least;
  if (asked === 'major' || asked === 'minor' || asked === 'patch') {
    if (last === undefined) return FIRST_VERSION;
    if (isGreaterBump(required, asked)) throw tooLow(`a ${asked} bump`, `a ${required} bump`, least);
    return bumped(last, asked);
  }
  if (!isVersion(asked)) {
    throw new InputError(
      fault('version-invalid', `"${asked}" is not a version`, undefined, 'Write it as v1.2.3.'),
    );
  }
  if (registered.includes(asked)) {
    throw new InputError(
      fault('version-taken', `${asked} is registered already`, undefined, `Take ${least} or higher.`),
    );
  }
  if (last !== undefined && isLower(asked, least)) throw tooLow(asked, least, least);
  return asked;
}

function bumped(version: string, bump: Bump): string {
  const next = inc(version, bump);
  if (next === null) throw new RangeError(`not a version: ${version}`);
  return `v${next}`;
}

/** A prerelease of the required version is not lower than required: v2.0.0-rc.1 announces v2.0.0. */
function isLower(asked: string, least: string): boolean {
  const { major, minor, patch } = parse(asked) ?? { major: 0, minor: 0, patch: 0 };
  return compare(`${major}.${minor}.${patch}`, least) < 0;
}

function tooLow(asked: string, required: string, least: string): InputError {
  return new InputError(
    fault(
      'bump-too-low',
      `${asked} was asked for, but the evidence requires ${required}`,
      undefined,
      `Release ${least} or higher, or leave the version out to have it computed.`,
    ),
  );
}
