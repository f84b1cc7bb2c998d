import type { TrailCrypto } from '@rastro/trail';
import type { Artifacts } from './artifacts.ts';
import type { RunContext } from './context.ts';
import type { DataEngine } from './data-engine.ts';
import type { Deployer } from './deployer.ts';
import type { CommentBoard, Forge } from './forge.ts';
import type { ModelRuntime } from './model-runtime.ts';
import type { Clock, CommandRunner, Progress } from './process.ts';
import type { Repository } from './repository.ts';
import type { RunCache } from './run-cache.ts';
import type { Trainer } from './trainer.ts';
import type { Workspace } from './workspace.ts';

/**
 * Everything outside that a use case may need; each takes only its part of it. What is dear to load or may be absent
 * (native code, a token) is a function: it is loaded, and its absence told, only when it is asked for.
 */
export interface Ports {
  readonly context: RunContext;
  readonly workspace: Workspace;
  readonly clock: Clock;
  readonly progress: Progress;
  readonly commands: CommandRunner;
  readonly sha256: (content: string | Uint8Array) => string;
  /** Digests and signature checks for the trail. */
  readonly crypto: TrailCrypto;
  repository(): Promise<Repository>;
  /** The same repository as this clone has it: nothing is fetched, nothing can be pushed. */
  clone(): Promise<Repository>;
  data(): Promise<DataEngine>;
  runtime(): Promise<ModelRuntime>;
  trainer(): Promise<Trainer>;
  forge(): Promise<Forge>;
  /** The merge requests of a GitLab project. */
  gitlab(): Promise<CommentBoard>;
  artifacts(): Promise<Artifacts>;
  /** Undefined where there is none, as on a laptop. */
  cache(): Promise<RunCache | undefined>;
  deployer(target: { kind: 'local'; environment: string; port: number }): Promise<Deployer>;
}
