import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from './docs/action-files.ts';

/** What Rastro promises about security, and the tests that hold it to that: by file, and by how their names begin. */
const PROMISES: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  'no expression inside a script; inputs are never run': {
    'test/workflows.test.ts': ['puts no expression into a script'],
    'test/ci.test.ts': ['grants nothing as a whole, ends by itself, and puts no expression into a script'],
    'test/security.test.ts': ['inputs are never run: $(touch x) creates no file'],
    'test/fuzz/inputs.test.ts': ['an action with any inputs ends as documented'],
  },
  'Markdown is escaped': {
    'test/comment.test.ts': ['writes no mention, link, marker or second cell'],
    'test/fuzz/artifacts.test.ts': ['of a stranger speaks for nobody'],
  },
  'only our own comments are edited': {
    'test/security.test.ts': ['only our own comments are edited'],
  },
  'outputs have a random delimiter': {
    'test/security.test.ts': ['outputs use a random heredoc delimiter'],
  },
  'workflow commands in the output of a child are neutralised': {
    'test/security.test.ts': [
      'workflow commands in a training command’s output are neutralised',
      'a value of the data cannot speak to the runner',
    ],
  },
  'artifacts of a run that is followed are untrusted': {
    'test/comment.test.ts': [
      'an artifact cannot choose the pull request',
      'a run of a branch that no open pull request has as its head writes nothing',
      'texts of an artifact cannot ping, link, run commands or pose as another comment',
    ],
  },
  'extraction refuses whatever leads outside, comes twice or bursts': {
    'packages/host/test/text-archive.test.ts': ['extraction of an artifact refuses %s'],
    'packages/engine/test/native-unpack.test.ts': ['%s is refused, and nothing lands outside'],
    'test/fuzz/artifacts.test.ts': [
      'of any names, modes and sizes is read as files that stay where they are put',
    ],
  },
  'names and refs are validated before any process starts': {
    'test/security.test.ts': ['names and refs are validated: a model called --upload-pack=x is refused'],
    'test/fuzz/tags.test.ts': ['whatever a tag is called'],
  },
  'no pickle is opened; weights stay beside their model': {
    'test/security.test.ts': [
      'a model that is a pickle is never opened',
      'a model that keeps its weights outside of its folder is never loaded',
    ],
    'packages/engine/test/onnx-refusals.test.ts': [
      'a file that is %s is named as such',
      'external data at %j',
    ],
    'test/fuzz/pointers.test.ts': ['whose weights are kept anywhere but beside it is refused'],
  },
  'the policy is that of the protected base': {
    'test/security.test.ts': ['the policy comes from the protected base'],
  },
  'least token': {
    'test/workflows.test.ts': [
      'grants nothing as a whole, and each job what it names',
      'lets nothing of a pull request run beside a token that can write',
    ],
  },
  'secrets are masked, and never in arguments, on the trail or in a URL': {
    'test/security.test.ts': ['secrets are masked', 'a training command sees neither inputs nor tokens'],
    'packages/git/test/token.test.ts': ['the token is sent to the remote'],
    'packages/github/test/failures.test.ts': ['the token is in no error'],
  },
  'a redirect to another host takes no authorization along': {
    'packages/git/test/token.test.ts': ['the token does not follow a redirect to another host'],
    'packages/github/test/failures.test.ts': ['a redirect to another host does not take the token along'],
  },
  'actions are pinned, and the bundle can be made again': {
    'test/ci.test.ts': ['names every action of others by the 40 hex digits of a commit'],
    'actions/_bundle/test/bundle.test.ts': ['the bundle is the same bytes wherever it is built'],
    'test/release-tree.test.ts': ['the same commit gives the same release'],
  },
  'zizmor and actionlint find nothing': {
    'test/ci.test.ts': ['is one that GitHub accepts, and clean to actionlint'],
    'test/workflows.test.ts': [
      'is clean to actionlint',
      'the example files, the reusable workflows and our own are clean to zizmor',
    ],
  },
};

test.each(Object.entries(PROMISES))('%s: there is a test of that name', (_, files) => {
  for (const [file, names] of Object.entries(files)) {
    expect(existsSync(join(root, file)), file).toBe(true);
    const source = readFileSync(join(root, file), 'utf8');
    expect(source).toContain('expect(');
    for (const name of names) expect(source, `${file}: ${name}`).toMatch(testNamed(name));
  }
});

/** A call of `test` (or `test.each(…)`, `test.runIf(…)`) whose name begins so. */
function testNamed(name: string): RegExp {
  const literal = name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`(?:\\btest\\(|\\)\\()\\s*['"\`]${literal}`);
}
