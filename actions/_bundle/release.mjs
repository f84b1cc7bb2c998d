/**
 * Makes what a release consists of, from a workspace that is built: `npm run release -- [--dry-run] [--out <folder>]`.
 *
 *   <out>/tree/                 what `uses: rastro-ml/rastro/actions/<verb>@<tag>` downloads
 *   <out>/rastro-<tag>.tar.gz   the same as an archive
 *   <out>/SHA256SUMS            of every file of the tree, and of the archive
 *
 * Without --dry-run it also makes the release commit (a child of HEAD that holds the tree alone) and its annotated tag, here
 * in this clone; pushing them is left to whoever runs it. The same commit gives the same bytes, commit and checksums.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, posix, relative, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const { values } = parseArgs({
  options: {
    'dry-run': { type: 'boolean', default: false },
    out: { type: 'string', default: '.cache/release' },
  },
});
const dryRun = values['dry-run'];
const out = resolve(root, values.out);
const tree = join(out, 'tree');

const version = checkedVersion();
const tag = `v${version}`;
rmSync(out, { recursive: true, force: true });
copyTree();
const commit = releaseCommit();
const archive = `rastro-${tag}.tar.gz`;
// Git writes neither the time of day nor the user into an archive of a commit; zlib neither into the compressed form.
const tar = git(['archive', '--format=tar', `--prefix=rastro-${tag}/`, commit], { encoding: 'buffer' });
writeFileSync(join(out, archive), gzipSync(tar, { level: 9 }));
writeFileSync(join(out, 'SHA256SUMS'), checksums());
if (!dryRun) git(['tag', '--annotate', '--message', `Rastro ${version}`, tag, commit]);

console.log(`tag=${tag}`);
console.log(`commit=${commit}`);
console.log(`${relative(process.cwd(), out) || '.'}: tree/, ${archive}, SHA256SUMS`);
console.log(dryRun ? 'A dry run: nothing is tagged.' : `Tagged ${tag}, in this clone.`);

/** The version, when everything that names it agrees and it can still be released. */
function checkedVersion() {
  const { version } = JSON.parse(read('package.json'));
  const cli = join(root, 'actions/_bundle/dist/cli.js');
  if (!existsSync(cli)) refuse('the bundle is not built: run `npm run build`');
  const built = execFileSync(process.execPath, [cli, '--version'], { encoding: 'utf8' }).trim();
  if (built !== version) refuse(`package.json says ${version}, and the bundle ${built}`);
  if (!/^\d+\.\d+\.\d+$/.test(version)) refuse(`${version} is not a version to release`);
  if (dryRun) return version;
  if (git(['status', '--porcelain', '--untracked-files=no']) !== '')
    refuse('there are changes that are not committed');
  if (git(['tag', '--list', `v${version}`]) !== '')
    refuse(`the tag v${version} is there: a release is never made again`);
  return version;
}

/** Copies what a job needs, and what a reader of the tag looks for; neither sources nor dependencies. */
function copyTree() {
  const actions = readdirSync(join(root, 'actions')).filter((verb) =>
    existsSync(join(root, 'actions', verb, 'action.yml')),
  );
  if (actions.length === 0) refuse('there are no actions');
  for (const verb of actions)
    for (const part of ['action.yml', 'README.md', 'dist']) copy(`actions/${verb}/${part}`);
  for (const path of ['actions/_bundle/dist', 'LICENSE', 'schemas']) copy(path);
  // Workflow files stay as they are on main: a workflow's token may not push a commit that changes them.
  for (const path of git(['ls-files', '.github/workflows']).split('\n').filter(Boolean)) copy(path);
  copy('README.md');
  for (const path of pages(tree)) writeFileSync(join(tree, path), withLinksToMain(path));
}

function copy(path) {
  mkdirSync(dirname(join(tree, path)), { recursive: true });
  cpSync(join(root, path), join(tree, path), { recursive: true });
}

/** A page whose links to what is not in the tree lead to the branch main. */
function withLinksToMain(path) {
  const text = readFileSync(join(tree, path), 'utf8');
  return text.replaceAll(/\]\(([^)\s#:]+)(#[^)\s]*)?\)/g, (link, target, anchor = '') => {
    const file = posix.join(posix.dirname(path), target);
    return existsSync(join(tree, file))
      ? link
      : `](https://github.com/rastro-ml/rastro/blob/main/${file}${anchor})`;
  });
}

function pages(folder) {
  return filesOf(folder).filter((path) => path.endsWith('.md'));
}

/** A commit of the tree on top of HEAD, with HEAD's time; in a dry run it is an object that nothing refers to. */
function releaseCommit() {
  const index = { GIT_INDEX_FILE: join(out, 'index'), GIT_WORK_TREE: tree };
  git(['add', '--all', '--force', '.'], { cwd: tree, env: index });
  const id = git(['write-tree'], { env: index });
  rmSync(join(out, 'index'));
  const at = git(['log', '-1', '--format=%cI']);
  const who = { NAME: 'Rastro', EMAIL: 'rastro@users.noreply.github.com', DATE: at };
  const env = Object.fromEntries(
    ['AUTHOR', 'COMMITTER'].flatMap((role) =>
      Object.entries(who).map(([key, value]) => [`GIT_${role}_${key}`, value]),
    ),
  );
  return git(['commit-tree', id, '-p', 'HEAD', '-m', `Release ${tag}`], { env });
}

function checksums() {
  const paths = [archive, ...filesOf(tree).map((path) => `tree/${path}`)];
  const lines = paths.map(
    (path) =>
      `${createHash('sha256')
        .update(readFileSync(join(out, path)))
        .digest('hex')}  ${path}`,
  );
  return `${lines.join('\n')}\n`;
}

/** Every file below a folder, by path with `/`, in order. */
function filesOf(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .sort();
}

function git(args, { cwd = root, env = {}, encoding = 'utf8' } = {}) {
  const gitDirectory = {
    GIT_DIR: execFileSync('git', ['rev-parse', '--absolute-git-dir'], { cwd: root, encoding: 'utf8' }).trim(),
  };
  const answer = execFileSync('git', args, {
    cwd,
    env: { ...process.env, ...gitDirectory, ...env },
    encoding,
    maxBuffer: 256 << 20,
  });
  return encoding === 'buffer' ? answer : answer.trim();
}

function read(path) {
  return readFileSync(join(root, path), 'utf8');
}

function refuse(why) {
  console.error(`no release: ${why}`);
  process.exit(1);
}
