/** One deploy target. `deploy` makes the given model file the one served; `smokeTest` asks the target itself. */
export interface Deployer {
  readonly kind: string;
  deploy(release: {
    model: string;
    version: string;
    environment: string;
    sha256: string;
    file: string;
  }): Promise<{ url: string | undefined }>;
  /** Health, the served digest, and one inference. Returns what went wrong, or undefined. */
  smokeTest(expected: { model: string; version: string; sha256: string }): Promise<string | undefined>;
  /** Serves the model no more. Nothing happens when it is not served. */
  withdraw(model: string): Promise<void>;
  /** What is served now; undefined when nothing is. */
  current(model: string): Promise<{ version: string; sha256: string; file: string } | undefined>;
}
