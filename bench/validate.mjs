/**
 * What a data check costs, against a bare scan of the same file by the same engine with every column typed, and against what
 * others do: csv-parse with zod, pandas by hand, and Pandera. Then what a small file takes from end to end, by the bundled action.
 *
 *   node bench/validate.mjs [rows]        default 5,000,000: about 650 MB of CSV and 160 MB of Parquet, in a temporary folder
 *
 * Each measurement is a process of its own, from its start, so that its processor time and peak memory are its own; ours is the
 * action out of the bundle, as users run it. Ratios are of processor time: a machine that does other things too does not change
 * them. The slow ones work on fewer rows, and their time is told for all of them. Build first. Pandas and Pandera come from the Python in .cache/peers (or RASTRO_PEERS), made by
 * test/setup-real-parts.sh; without it they are left out.
 */
import { spawnSync } from 'node:child_process';
import {
  createReadStream,
  createWriteStream,
  existsSync,
  mkdtempSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const require = createRequire(new URL('../packages/engine/package.json', import.meta.url));
const load = async () => require('@duckdb/node-api');
const BUNDLE = new URL('../actions/_bundle/dist/index.js', import.meta.url).href;
/** As the file that a runner starts. */
const STUB = `import { run } from '${BUNDLE}'; await run('validate');`;
const THREADS = 2;
/** Rows that the slow ones work on. */
const SAMPLES = [100_000, 500_000];

const COLUMNS = {
  id: 'BIGINT',
  email: 'VARCHAR',
  plan: 'VARCHAR',
  age: 'BIGINT',
  amount: 'DOUBLE',
  score: 'DOUBLE',
  day: 'DATE',
  seen: 'TIMESTAMP',
  active: 'BOOLEAN',
  code: 'VARCHAR',
  note: 'VARCHAR',
};

const CONTRACT = `
fields:
  - { name: id, type: integer, required: true, minimum: 0 }
  - { name: email, required: true, maxLength: 60, pattern: "[^@]+@[^@]+", sensitive: true }
  - { name: plan, required: true, enum: [basic, plus, pro, team] }
  - { name: age, type: integer, required: true, minimum: 0, maximum: 120 }
  - { name: amount, type: number, required: true, minimum: 0, maximum: 100000 }
  - { name: score, type: number, minimum: 0, maximum: 1 }
  - { name: day, type: date, minimum: "2019-01-01" }
  - { name: seen, type: datetime }
  - { name: active, type: boolean }
  - { name: code, required: true, minLength: 7, maxLength: 7 }
  - { name: note, maxLength: 200 }
rows: { minimum: 1000 }
rules: [{ name: sane, check: "age > 0 or amount < 100" }]
`;
/** Exact uniqueness has to remember every value: it is measured by itself. */
const UNIQUE = CONTRACT.replace('name: id,', 'name: id, unique: true,');
const SMALL_ROWS = 1000;
const SMALL_ROUNDS = 7;

async function connect() {
  const { DuckDBInstance } = await load();
  return (await DuckDBInstance.create(':memory:', { threads: String(THREADS) })).connect();
}

async function generate(folder, rows) {
  const connection = await connect();
  await connection.run(`COPY (
    SELECT i AS id, 'user' || (i * 7919 % 1000003) || '@example.com' AS email,
      ['basic', 'plus', 'pro', 'team'][1 + i % 4] AS plan, i * 31 % 63 + 18 AS age,
      round((i * 7 % 100003) / 97.0, 2) AS amount, round((i * 13 % 1000) / 1000.0, 3) AS score,
      DATE '2020-01-01' + (i % 1500)::INT AS day, TIMESTAMP '2020-01-01' + INTERVAL (i % 100000) MINUTE AS seen,
      i % 3 = 0 AS active, 'C' || lpad((i * 17 % 100000)::VARCHAR, 6, '0') AS code,
      'Some text about row ' || i || ', quoted' AS note
    FROM range(${rows}) t(i)) TO '${folder}/data.csv' (HEADER)`);
  await connection.run(
    `COPY (SELECT * FROM ${bareRelation(`${folder}/data.csv`)}) TO '${folder}/data.parquet'`,
  );
}

function bareRelation(path) {
  if (path.endsWith('.parquet')) return `read_parquet('${path}')`;
  const types = Object.entries(COLUMNS).map(([name, type]) => `'${name}': '${type}'`);
  return `read_csv('${path}', auto_detect=false, header=true, columns={${types.join(', ')}})`;
}

/** Runs the action on a file under a contract, from inputs to summary. */
async function check(path, contract) {
  prepareAction(path, contract);
  const { run: act } = await import(BUNDLE);
  await act('validate');
}

/** Sets the environment that a runner gives the action. */
function prepareAction(path, contract) {
  const folder = dirname(path);
  const [output, summary] = ['output', 'summary'].map((name) => join(folder, name));
  for (const file of [output, summary]) writeFileSync(file, '');
  writeFileSync(join(folder, 'contract.yaml'), contract);
  Object.assign(process.env, {
    GITHUB_WORKSPACE: folder,
    GITHUB_OUTPUT: output,
    GITHUB_STEP_SUMMARY: summary,
    INPUT_CONTRACT: 'contract.yaml',
    INPUT_DATA: basename(path),
    INPUT_THREADS: `${THREADS}`,
  });
}

const TASKS = {
  generate,
  async bare(path) {
    const sums = Object.keys(COLUMNS).map((name) => `max(${name})`);
    await (await connect()).run(`SELECT ${sums.join(', ')} FROM ${bareRelation(path)}`);
  },
  check: (path) => check(path, CONTRACT),
  unique: (path) => check(path, UNIQUE),
  async 'csv-parse'(path) {
    const { parse } = await import('csv-parse');
    const { z } = await import('zod');
    const number = z
      .string()
      .regex(/^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/)
      .transform(Number);
    const integer = z
      .string()
      .regex(/^[+-]?\d+$/)
      .transform(Number);
    const row = z
      .strictObject({
        id: integer.pipe(z.number().min(0)),
        email: z
          .string()
          .min(1)
          .max(60)
          .regex(/^[^@]+@[^@]+$/),
        plan: z.enum(['basic', 'plus', 'pro', 'team']),
        age: integer.pipe(z.number().min(0).max(120)),
        amount: number.pipe(z.number().min(0).max(100_000)),
        score: number.pipe(z.number().min(0).max(1)),
        day: z.iso.date().refine((day) => day >= '2019-01-01'),
        seen: z.string().regex(/^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}$/),
        active: z.enum(['true', 'false']),
        code: z.string().length(7),
        note: z.string().max(200),
      })
      .refine(({ age, amount }) => age > 0 || amount < 100);
    for await (const record of createReadStream(path).pipe(parse({ columns: true }))) row.parse(record);
  },
};

async function runTask(name, path, rows) {
  await TASKS[name](path, rows);
  const { user, system } = process.cpuUsage();
  const seconds = performance.now() / 1000;
  const memory = process.resourceUsage().maxRSS / 1024;
  console.log(`\n${JSON.stringify({ seconds, cpu: (user + system) / 1e6, memory })}`);
}

function run(...task) {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [fileURLToPath(import.meta.url), ...task.map(String)],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(stdout + stderr);
  return JSON.parse(stdout.trim().split('\n').at(-1));
}

async function sampleOf(path, rows, copy) {
  const out = createWriteStream(copy);
  let left = rows + 1;
  for await (const line of createInterface({ input: createReadStream(path) })) {
    if (left-- === 0) break;
    if (!out.write(`${line}\n`)) await new Promise((resolve) => out.once('drain', resolve));
  }
  await new Promise((resolve) => out.end(resolve));
}

/** Runs the slow ones on two samples: from the difference follows what a row costs, and what starting does. */
async function peers(folder, rows, check) {
  const samples = SAMPLES.map((count) => ({ count, path: join(folder, `sample-${count}.csv`) }));
  for (const { count, path } of samples) await sampleOf(join(folder, 'data.csv'), count, path);
  const show = (name, runOn) => {
    const [small, large] = samples.map(({ count, path }) => ({ count, cpu: runOn(path).cpu }));
    const each = (large.cpu - small.cpu) / (large.count - small.count);
    const cpu = large.cpu + each * (rows - large.count);
    console.log(
      `  ${name.padEnd(16)}${cpu.toFixed(1)} s of processor (from ${large.count} rows): ${(cpu / check.cpu).toFixed(1)}x ours`,
    );
  };
  show('csv-parse + zod', (path) => run('csv-parse', path));
  const python =
    process.env.RASTRO_PEERS ?? fileURLToPath(new URL('../.cache/peers/bin/python', import.meta.url));
  if (!existsSync(python)) return console.log(`  pandas and Pandera are left out: there is no ${python}`);
  const script = fileURLToPath(new URL('validate_peers.py', import.meta.url));
  for (const peer of ['pandas', 'pandera']) {
    show(peer, (path) => {
      const { stdout, stderr, status } = spawnSync(python, [script, peer, path], { encoding: 'utf8' });
      if (status !== 0) throw new Error(stderr);
      return JSON.parse(stdout);
    });
  }
}

/** Checks of the contract, as its plan counts them. */
async function checksOf(contract) {
  const { planChecks, readContract } = await import('../packages/contract/lib/index.js');
  return planChecks(readContract(contract, 'contract.yaml'), { files: [] }).checks.length;
}

/** The whole of the bundled action on a small file, in milliseconds: the first run may have to fetch the engine, and is left out. */
async function small(folder) {
  const path = join(folder, 'small.csv');
  await sampleOf(join(folder, 'data.csv'), SMALL_ROWS, path);
  prepareAction(path, CONTRACT);
  const times = Array.from({ length: SMALL_ROUNDS + 1 }, () => {
    const start = performance.now();
    const { status, stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', STUB], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(stdout);
    return performance.now() - start;
  });
  const middle = times.slice(1).sort((a, b) => a - b)[Math.floor(SMALL_ROUNDS / 2)];
  console.log(`${SMALL_ROWS} rows of CSV, bundled action from start to end: ${middle.toFixed(0)} ms`);
}

async function main(rows) {
  const folder = mkdtempSync(join(tmpdir(), 'rastro-bench-'));
  try {
    // In a process of its own too: a child begins with its parent's peak memory.
    run('generate', folder, rows);
    const checks = await checksOf(CONTRACT);
    // The engine may have to be fetched.
    await sampleOf(join(folder, 'data.csv'), SMALL_ROWS, join(folder, 'first.csv'));
    run('check', join(folder, 'first.csv'));
    for (const file of ['data.csv', 'data.parquet']) {
      const path = join(folder, file);
      const bare = run('bare', path);
      const check = run('check', path);
      const megabytes = (statSync(path).size / 1e6).toFixed(0);
      const show = ({ seconds, cpu, memory }) =>
        `${seconds.toFixed(2)} s, ${cpu.toFixed(2)} s of processor, ${memory.toFixed(0)} MB`;
      console.log(`${file}: ${rows} rows, ${megabytes} MB`);
      console.log(`  bare typed scan   ${show(bare)}`);
      console.log(
        `  ${checks} checks         ${show(check)}: ${(check.cpu / bare.cpu).toFixed(2)}x the processor, ${(check.seconds / bare.seconds).toFixed(2)}x the time`,
      );
      console.log(`  and a unique key  ${show(run('unique', path))}`);
      if (file === 'data.csv') await peers(folder, rows, check);
    }
    await small(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const [first, path, rows] = process.argv.slice(2);
if (first in TASKS) await runTask(first, path, rows);
else await main(Number(first ?? 5_000_000));
