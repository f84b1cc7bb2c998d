import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../../..');

/** Real test data: `$RASTRO_REAL`, or the folder beside the repository. See `realPart` for when it is not there. */
export function realData(...path: string[]): string | undefined {
  const folder = process.env.RASTRO_REAL ?? join(root, '../shared/real');
  return realPart('the real test data', join(folder, ...path));
}

/** A Python with what `examples/sklearn` needs: `$RASTRO_PYTHON`, or the one that test/setup-real-parts.sh makes. */
export function realPython(): string | undefined {
  return realPart('Python', process.env.RASTRO_PYTHON ?? join(root, '.cache/python/bin/python'));
}

/** GTO, which reads the same tags: `$RASTRO_GTO`, or the one that test/setup-real-parts.sh makes. */
export function realGto(): string | undefined {
  return realPart('GTO', process.env.RASTRO_GTO ?? join(root, '.cache/gto/bin/gto'));
}

/** A Python with in-toto's own bindings, as test/setup-real-parts.sh makes it. */
export function realInToto(): string | undefined {
  return realPart('in-toto attestation', join(root, '.cache/attestation/bin/python'));
}

/** DVC, which reads the files for other tools: `$RASTRO_DVC`, or the one that test/setup-real-parts.sh makes. */
export function realDvc(): string | undefined {
  return realPart('DVC', process.env.RASTRO_DVC ?? join(root, '.cache/dvc/bin/dvc'));
}

/** zizmor, which looks for weak points in workflows: `$RASTRO_ZIZMOR`, or the one that test/setup-real-parts.sh makes. */
export function realZizmor(): string | undefined {
  return realPart('zizmor', process.env.RASTRO_ZIZMOR ?? join(root, '.cache/zizmor/bin/zizmor'));
}

/** act, which runs workflows: `$RASTRO_ACT`, or the one that test/setup-real-parts.sh makes. */
export function realAct(): string | undefined {
  return realPart('act', process.env.RASTRO_ACT ?? join(root, '.cache/act/act'));
}

/**
 * The path of a part that tests use where it is there: undefined, and a word on it, where it is not.
 * @throws Error instead, with RASTRO_REQUIRE_REAL=1: then no test may be skipped for the want of a part.
 */
export function realPart(what: string, path: string): string | undefined {
  if (existsSync(path)) return path;
  const message = `${what} is not there: ${path}`;
  if (process.env.RASTRO_REQUIRE_REAL === '1') throw new Error(message);
  console.warn(`skipped: ${message}`);
  return undefined;
}
