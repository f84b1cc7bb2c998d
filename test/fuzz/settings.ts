import process from 'node:process';
import { vi } from 'vitest';

/** How many times as much as in CI: `RASTRO_FUZZ=50` runs every property fifty times as often, from another seed. */
const times = Math.max(1, Number(process.env.RASTRO_FUZZ ?? 1));
const longSeed = Number(process.env.RASTRO_FUZZ_SEED ?? Date.now() % 2 ** 31);

vi.setConfig({ testTimeout: 60_000 * times });

/** Settings of one property, for `fc.assert`: the same cases in every run of CI. A failure names the seed and the path to it. */
export function runs(ordinary: number): { seed: number; numRuns: number; endOnFailure: boolean } {
  return { seed: times === 1 ? 20_260_101 : longSeed, numRuns: ordinary * times, endOnFailure: false };
}
