import { realpathSync } from 'node:fs';
import { isAbsolute, join, relative, sep } from 'node:path';
import type { Explanation, Fault } from '@rastro/fault';

/** The folder that a run worked in, and the one that whoever reads about it looks from. */
export interface Viewpoint {
  readonly root: string;
  readonly from: string;
}

/** A path of the run's folder, or below it, as the reader writes it: with `/`, and from where the reader is. */
export function seenPath(file: string, { root, from }: Viewpoint): string {
  const path = isAbsolute(file) ? file : join(real(root), file);
  return relative(real(from), path).split(sep).join('/');
}

/** The same explanation without a path of this machine in it. */
export function seenExplanation(explanation: Explanation, viewpoint: Viewpoint): Explanation {
  return { ...explanation, faults: explanation.faults.map((fault) => seenFault(fault, viewpoint)) };
}

function seenFault(fault: Fault, viewpoint: Viewpoint): Fault {
  const { place, next } = fault;
  return {
    ...fault,
    message: withoutFolders(fault.message, viewpoint),
    ...(next === undefined ? {} : { next: withoutFolders(next, viewpoint) }),
    ...(place ? { place: { ...place, file: seenPath(place.file, viewpoint) } } : {}),
  };
}

function withoutFolders(text: string, { root, from }: Viewpoint): string {
  const folders = [real(root), root, real(from), from].filter((folder) => folder !== sep);
  return folders.reduce((shorter, folder) => shorter.replaceAll(`${folder}${sep}`, ''), text);
}

/** Behind links, as the workspace gives its paths; a folder that is not there has no other name. */
function real(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return folder;
  }
}
