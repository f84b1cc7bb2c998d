/** Files that a workflow's run keeps, and what it may see of another run's. */
export interface Artifacts {
  /**
   * Keeps text files as one artifact of this run, in place of one of that name; undefined where there is nowhere to keep them,
   * as on a laptop. @throws OutsideError when the forge refuses or fails.
   */
  keep(artifact: {
    name: string;
    files: readonly { name: string; text: string }[];
  }): Promise<{ url: string | undefined } | undefined>;
  /**
   * The text files of an artifact of another run, read in memory: nothing of it is written where it says. Undefined when the run
   * has none of that name. @throws InputError when its size, its names or its form are not those of honest files.
   */
  read(artifact: { run: number; name: string }): Promise<{ name: string; text: string }[] | undefined>;
}
