import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runAction, startGitHub, temporaryRepository } from '@rastro/testkit';
import { expect, test } from 'vitest';

const actions = join(import.meta.dirname, 'actions');

test("an artifact that one run uploads is downloaded by another, with GitHub's own client", async () => {
  const content = JSON.stringify({ rows: Array.from({ length: 50_000 }, (_, at) => Math.sin(at)) });
  await using repository = await temporaryRepository({ files: { 'report.json': content } });
  await using github = await startGitHub({ repository: 'acme/churn' });
  const run = { verb: 'artifacts', actions, directory: repository.directory, github };

  const uploaded = await runAction({ ...run, runId: 7 });
  expect(uploaded).toMatchObject({ exitCode: 0 });
  expect((await github.state()).artifacts).toMatchObject([{ name: 'report', runId: '7' }]);

  const downloaded = await runAction({ ...run, runId: 8, inputs: { 'run-id': '7' } });
  expect(downloaded).toMatchObject({ exitCode: 0 });
  expect(await readFile(join(repository.directory, 'downloaded/report.json'), 'utf8')).toBe(content);
  expect(github.violations).toEqual([]);

  const again = await runAction({ ...run, runId: 7 });
  expect(again.exitCode).toBe(1);
  expect(again.stderr).toContain('the run has an artifact named report');
});
