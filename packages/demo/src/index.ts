/** Plays the whole life of one model change on real data: `npm run demo [-- --directory <folder>] [--until <scene>]`. */
import { mkdir, mkdtemp, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { parseReport, renderHtml } from '@rastro/report';
import { z } from 'zod';
import { endGitHub, findOrStartGitHub } from './github-process.ts';
import type { Stage } from './stage.ts';
import { makeRemote, scenes } from './story.ts';
import { transcript } from './transcript.ts';

/** The names of the scenes that were played to their end. */
const Done = z.array(z.string());
const ServerState = z.object({ pid: z.number() });

const { values } = parseArgs({
  options: {
    directory: { type: 'string' },
    until: { type: 'string' },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  console.log(`npm run demo -- [--directory <folder>] [--until <scene>] [--keep]

  --directory  where to play; with the folder of a demo that was cut off, goes on from there
  --until      the last scene to play: ${scenes.map(({ name }) => name).join(', ')}
  --keep       leave the GitHub on loopback and the inference server running`);
} else {
  await play();
}

async function play(): Promise<void> {
  const last =
    values.until === undefined ? scenes.length - 1 : scenes.findIndex(({ name }) => name === values.until);
  if (last < 0) throw new Error(`there is no scene ${values.until}`);
  const folder = values.directory ? resolve(values.directory) : await mkdtemp(join(tmpdir(), 'rastro-demo-'));
  await mkdir(folder, { recursive: true });
  const started = performance.now();
  const done = await readDone(folder);
  if (!done.includes('remote')) await finish(folder, done, 'remote', () => makeRemote(folder));
  const github = await findOrStartGitHub(folder);
  const stage: Stage = { folder, github };
  for (const scene of scenes.slice(0, last + 1)) {
    if (!done.includes(scene.name)) await finish(folder, done, scene.name, () => scene.play(stage));
  }
  await writeReport(stage);
  transcript.title('To explore');
  transcript.say(`  ${join(folder, 'ada')}          the repository, as Ada has it
  ${join(folder, 'remote.git')}   the repository, as GitHub has it (git log rastro/trail, git tag -n)
  ${join(folder, 'comment.md')}   the last comment, as Markdown
  ${join(folder, 'report.html')}  every report of the story, in one page
  Played in ${((performance.now() - started) / 1000).toFixed(0)} s.`);
  if (!values.keep && last === scenes.length - 1) {
    await endServer(folder);
    endGitHub(github);
  }
}

async function readDone(folder: string): Promise<string[]> {
  const text = await readFile(join(folder, 'done.json'), 'utf8').catch(() => undefined);
  return text === undefined ? [] : Done.parse(JSON.parse(text));
}

async function finish(
  folder: string,
  done: string[],
  name: string,
  work: () => Promise<void>,
): Promise<void> {
  await work();
  done.push(name);
  const file = join(folder, 'done.json');
  await writeFile(`${file}.tmp`, JSON.stringify(done));
  await rename(`${file}.tmp`, file);
}

/** One page with the reports of every job, in the order of the story. */
async function writeReport({ folder }: Stage): Promise<void> {
  const jobs = (await readdir(folder)).filter(
    (name) => name.startsWith('job-') || name === 'ada' || name === 'grace',
  );
  const reports = [];
  for (const job of jobs.sort()) {
    const reportsFolder = join(folder, job, '.rastro/reports');
    for (const file of (await readdir(reportsFolder).catch(() => [])).sort()) {
      reports.push(parseReport(await readFile(join(reportsFolder, file), 'utf8'), `${job}/${file}`));
    }
  }
  if (reports.length > 0)
    await writeFile(
      join(folder, 'report.html'),
      renderHtml(reports, { title: 'The life of one model change', generatedFrom: 'npm run demo' }),
    );
}

async function endServer(folder: string): Promise<void> {
  const text = await readFile(join(folder, 'job-deploy/.rastro/serve/prod/delay.json'), 'utf8').catch(
    () => undefined,
  );
  if (text !== undefined) process.kill(ServerState.parse(JSON.parse(text)).pid);
}
