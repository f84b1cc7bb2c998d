/**
 * Folders that earlier runs of a workflow made, kept by the forge for some days. An accelerator, never a record: an entry may
 * be gone at any time, and whoever runs a job on the same branch could have written it. A cache that fails is told in the log
 * and is a miss, never an error.
 */
export interface RunCache {
  /** Puts the files kept under the key into the folder (relative to the workspace) that they were in. False when there are none. */
  restore(key: string, folder: string): Promise<boolean>;
  /** Keeps the files of the folder under the key. What is kept is final: a second time changes nothing. */
  keep(key: string, folder: string): Promise<void>;
}
