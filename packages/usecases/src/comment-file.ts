import { marker } from '@rastro/report';
import type { CommentBoard, Workspace } from './ports/index.ts';

/** Keeps the comment in a file of the workspace, for a forge that Rastro does not know. */
export function fileBoard(workspace: Workspace, path: string): CommentBoard {
  return {
    async upsertComment({ key, body }) {
      const found = await workspace.readText(path);
      // What somebody else wrote there is not our history.
      const previous = found?.startsWith(marker(key)) ? found : undefined;
      const text = body(previous);
      const url = path;
      if (text === found) return { url, status: 'unchanged', body: text };
      await workspace.write(path, text);
      return { url, status: found === undefined ? 'created' : 'updated', body: text };
    },
  };
}
