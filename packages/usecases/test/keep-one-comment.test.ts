import { expect, test } from 'vitest';
import { type CommentStore, keepOneComment, type StoredComment } from '../src/keep-one-comment.ts';

/** A forge whose list is answered from a copy, which catches up only while somebody waits. */
function laggingForge(): CommentStore & { readonly comments: StoredComment[]; waited: number } {
  const comments: StoredComment[] = [];
  let copy: StoredComment[] = [];
  let last = 0;
  return {
    comments,
    waited: 0,
    async ours() {
      return [...copy];
    },
    async create(body) {
      const comment = { id: ++last, url: `#${last}`, body };
      comments.push(comment);
      return comment;
    },
    async update(id, body) {
      const at = comments.findIndex((comment) => comment.id === id);
      if (at !== -1) comments[at] = { ...comments[at]!, body };
      return at !== -1;
    },
    async remove(id) {
      const at = comments.findIndex((comment) => comment.id === id);
      if (at !== -1) comments.splice(at, 1);
    },
    async wait(milliseconds) {
      this.waited += milliseconds;
      copy = [...comments];
    },
  };
}

const says = (body: string) => () => body;

test('two jobs leave one comment where the list of comments is a moment behind', async () => {
  const forge = laggingForge();
  const written = await Promise.all(['a', 'b'].map((body) => keepOneComment(forge, says(body))));
  expect(forge.comments.map(({ id }) => id)).toEqual([1]);
  expect(written.map(({ url }) => url)).toEqual(['#1', '#1']);
});

test('a job that starts before the list shows the comment of the last one makes no second', async () => {
  const forge = laggingForge();
  await forge.create('of the last job');
  expect(await keepOneComment(forge, says('of this job'))).toMatchObject({ url: '#1', status: 'updated' });
  expect(forge.comments).toEqual([{ id: 1, url: '#1', body: 'of this job' }]);
});

test('a list that never shows the comment is not waited for without end', async () => {
  const forge = laggingForge();
  const blind = { ...forge, ours: async () => [] };
  expect(await keepOneComment(blind, says('alone'))).toMatchObject({ status: 'created' });
  expect(blind.waited).toBeLessThan(10_000);
});
