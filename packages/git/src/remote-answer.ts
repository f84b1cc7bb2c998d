import type { Git } from './git.ts';

/** What the remote says of its trail, its tags and its default branch, as `git ls-remote` writes it. */
export interface RemoteAnswer {
  /**
   * All of it comes in one request. Who asks for the trail begins a decision; the questions that belong to it are answered from
   * the same moment. Any other question asks anew.
   */
  ask(question: 'trail' | 'tags' | 'head'): Promise<string>;
  /** Forgets the last answer, as the remote is about to change. */
  forget(): void;
}

/** `refs`: what is asked for besides the tags. */
export function remoteAnswer(git: Git, remote: string, refs: readonly string[]): RemoteAnswer {
  /** The last answer, and how often each question may still be answered from it. */
  let last: { readonly text: string; readonly left: Map<'tags' | 'head', number> } | undefined;
  return {
    async ask(question) {
      const left = question === 'trail' ? undefined : last?.left.get(question);
      if (last && question !== 'trail' && left) {
        last.left.set(question, left - 1);
        return last.text;
      }
      const text = await git.text(['ls-remote', '--quiet', '--symref', '--', remote, ...refs, 'refs/tags/*']);
      // The policy is read to decide, placed among those before it, and read once more before anything is written.
      if (question === 'trail')
        last = {
          text,
          left: new Map([
            ['tags', 1],
            ['head', 3],
          ]),
        };
      return text;
    },
    forget() {
      last = undefined;
    },
  };
}
