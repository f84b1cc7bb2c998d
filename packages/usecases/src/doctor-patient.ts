import type { Project } from '@rastro/lineage';
import type { Registry } from '@rastro/registry';
import type { Chain } from '@rastro/trail';
import type { ProtectedPolicy } from './protected-policy.ts';
import type { Workflow } from './workflow-files.ts';

/** One thing looked at. `unknown`: it could not be asked, and `next` says what that would take. */
export interface Check {
  readonly id: string;
  readonly status: 'pass' | 'warn' | 'fail' | 'unknown';
  readonly sentence: string;
  readonly next: string | null;
}

/** Everything that is looked at, read once by the doctor. */
export interface Patient {
  readonly project: Project | undefined;
  readonly workflows: readonly Workflow[];
  readonly policy: ProtectedPolicy | undefined;
  readonly chain: Chain;
  readonly hasTrail: boolean;
  readonly registry: Registry;
  readonly locks: ReadonlySet<string>;
  readonly files: ReadonlySet<string>;
}

export const pass = (id: string, sentence: string): Check => ({ id, status: 'pass', sentence, next: null });
