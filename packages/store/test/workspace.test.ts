import { mkdir, mkdtemp, readdir, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openWorkspace } from '../src/index.ts';

async function folder() {
  const path = await mkdtemp(join(tmpdir(), 'rastro-workspace-'));
  return { path, workspace: await openWorkspace(path) };
}

test('a missing file is undefined, a folder in its place is an error', async () => {
  const { path, workspace } = await folder();
  await mkdir(join(path, 'models'));
  expect(await workspace.readText('rastro.yaml')).toBeUndefined();
  expect(await workspace.digest('no/such/file')).toBeUndefined();
  await expect(workspace.readText('models')).rejects.toMatchObject({ code: 'is-folder' });
});

test('what is written is read back whole, and leaves no temporary file', async () => {
  const { path, workspace } = await folder();
  await workspace.write('metrics/churn.json', '{}\n');
  await workspace.write('metrics/churn.json', '{"a":1}\n');
  expect(await workspace.readText('metrics/churn.json')).toBe('{"a":1}\n');
  expect(await readdir(join(path, 'metrics'))).toEqual(['churn.json']);
  expect(await workspace.digest('metrics/churn.json')).toEqual({
    sha256: 'e346432021b04179518d9614f3560ccd71354a4ee101ddcb893d6959a9d6301c',
    size: 8,
  });
});

test.each(['../secret', '/etc/passwd', 'a/../../secret'])('the path %s is refused', async (path) => {
  const { workspace } = await folder();
  await expect(workspace.readText(path)).rejects.toMatchObject({ code: 'path-outside' });
  await expect(workspace.list([path])).rejects.toMatchObject({ code: 'path-outside' });
});

test('a symbolic link that leads outside is refused, one that stays inside is followed', async () => {
  const { path, workspace } = await folder();
  await symlink('/etc/passwd', join(path, 'outside'));
  await writeFile(join(path, 'real.txt'), 'x');
  await symlink('real.txt', join(path, 'inside'));
  await symlink('/tmp', join(path, 'way-out'));
  await expect(workspace.readText('outside')).rejects.toMatchObject({ code: 'path-outside' });
  await expect(workspace.write('way-out/x.txt', 'x')).rejects.toMatchObject({ code: 'path-outside' });
  expect(await workspace.readText('inside')).toBe('x');
});

test('globs give each file once, sorted, without .git and .rastro', async () => {
  const { workspace } = await folder();
  for (const name of ['b.csv', 'a.csv', '.git/x.csv', '.rastro/y.csv', 'data/c.csv'])
    await workspace.write(name, name);
  expect(await workspace.list(['**/*.csv', 'a.csv'])).toEqual(['a.csv', 'b.csv', 'data/c.csv']);
});

test('a file whose name looks like a glob is found by its name', async () => {
  const { workspace } = await folder();
  await workspace.write('data (1) [copy].csv', 'a');
  expect(await workspace.list(['data (1) [copy].csv'])).toEqual(['data (1) [copy].csv']);
});
