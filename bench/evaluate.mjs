/**
 * How long an evaluation takes, against what it cannot do without, in the same run:
 *
 * - the bare scan: every column once through DuckDB, its chunks fetched and none of their values looked at (what it costs to
 *   copy them into JavaScript's arrays besides is a line of its own, and not in the sum);
 * - the bare run: `session.run` on tensors that are ready, as many rows at a time as an evaluation runs.
 *
 * And against the same in Python (pandas, ONNX Runtime, scikit-learn), and a paired bootstrap against scipy's, where
 * .cache/bench/bin/python is there.
 *
 *   npm run bench:evaluate [rows]        default 1,000,000, ten features, in a temporary folder
 *
 * Each measurement is a process of its own, so that its peak memory is its own; times are those inside it, the least of three
 * goes, after everything is imported. What is held against the bare parts is measured in five processes each, in turns, and
 * the least of them taken: what else a machine does falls on one as on the other. An evaluation opens the engine's connection
 * and the model anew in each go; that with all metrics has no intervals, the next line has the default of 1,000 resamples.
 * Build first.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(new URL('../packages/engine/package.json', import.meta.url));
const loadDuckDb = async () => require('@duckdb/node-api');
const loadOrt = async () => require('onnxruntime-node');
const python = fileURLToPath(new URL('../.cache/bench/bin/python', import.meta.url));
const FEATURES = Array.from({ length: 10 }, (_, index) => `x${index}`);
/** Rows at a time through the model, as in packages/engine/src/onnx/scoring.ts. */
const BATCH = 2048;
/** Processes for each of what is held against each other. */
const TURNS = 5;
const BOOTSTRAP = { resamples: 10_000, rows: 100_000 };

async function connect() {
  const { DuckDBInstance } = await loadDuckDb();
  return (await DuckDBInstance.create(':memory:', { threads: '2' })).connect();
}

/** Numbers in [0, 1) by a linear congruence. */
function generator(seed) {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

/** A network 10-64-64-1 with a sigmoid, and 100 trees of depth 6, of made-up weights. */
function writeModels(folder) {
  const { onnx } = require('onnx-proto');
  const random = generator(42);
  const around = () => random() - 0.5;
  const dim = (...sizes) => ({
    tensorType: {
      elemType: 1,
      shape: {
        dim: sizes.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size })),
      },
    },
  });
  const floats = (name, dims) => {
    const length = dims.reduce((all, size) => all * size, 1);
    return { name, dataType: 1, dims, floatData: Array.from({ length }, around) };
  };
  const node = (opType, input, output, attribute = [], domain = '') => ({
    opType,
    input,
    output,
    attribute,
    domain,
  });
  const save = (name, graph) => {
    const opsetImport = [
      { domain: '', version: 15 },
      { domain: 'ai.onnx.ml', version: 3 },
    ];
    const model = onnx.ModelProto.create({ irVersion: 8, opsetImport, graph: { name, ...graph } });
    writeFileSync(join(folder, `${name}.onnx`), onnx.ModelProto.encode(model).finish());
  };
  const ports = {
    input: [{ name: 'x', type: dim('N', 10) }],
    output: [{ name: 'probability', type: dim('N', 1) }],
  };
  save('network', {
    ...ports,
    initializer: [
      floats('w1', [10, 64]),
      floats('b1', [64]),
      floats('w2', [64, 64]),
      floats('b2', [64]),
      floats('w3', [64, 1]),
      floats('b3', [1]),
    ],
    node: [
      node('Gemm', ['x', 'w1', 'b1'], ['h1']),
      node('Relu', ['h1'], ['r1']),
      node('Gemm', ['r1', 'w2', 'b2'], ['h2']),
      node('Relu', ['h2'], ['r2']),
      node('Gemm', ['r2', 'w3', 'b3'], ['logit']),
      node('Sigmoid', ['logit'], ['probability']),
    ],
  });
  const { AttributeType } = onnx.AttributeProto;
  const trees = { ids: [], nodes: [], features: [], values: [], modes: [], yes: [], no: [] };
  const leaves = { trees: [], nodes: [], ids: [], weights: [] };
  for (let tree = 0; tree < 100; tree++) {
    for (let at = 0; at < 127; at++) {
      const isLeaf = at >= 63;
      trees.ids.push(tree);
      trees.nodes.push(at);
      trees.features.push(isLeaf ? 0 : Math.floor(random() * 10));
      trees.values.push(isLeaf ? 0 : random());
      trees.modes.push(isLeaf ? 'LEAF' : 'BRANCH_LEQ');
      trees.yes.push(isLeaf ? 0 : 2 * at + 1);
      trees.no.push(isLeaf ? 0 : 2 * at + 2);
      if (!isLeaf) continue;
      leaves.trees.push(tree);
      leaves.nodes.push(at);
      leaves.ids.push(0);
      leaves.weights.push(around() / 4);
    }
  }
  const ints = (name, values) => ({ name, type: AttributeType.INTS, ints: values });
  const numbers = (name, values) => ({ name, type: AttributeType.FLOATS, floats: values });
  save('trees', {
    ...ports,
    initializer: [],
    node: [
      node(
        'TreeEnsembleRegressor',
        ['x'],
        ['sum'],
        [
          ints('nodes_treeids', trees.ids),
          ints('nodes_nodeids', trees.nodes),
          ints('nodes_featureids', trees.features),
          numbers('nodes_values', trees.values),
          {
            name: 'nodes_modes',
            type: AttributeType.STRINGS,
            strings: trees.modes.map((mode) => Buffer.from(mode)),
          },
          ints('nodes_truenodeids', trees.yes),
          ints('nodes_falsenodeids', trees.no),
          ints('target_treeids', leaves.trees),
          ints('target_nodeids', leaves.nodes),
          ints('target_ids', leaves.ids),
          numbers('target_weights', leaves.weights),
          { name: 'n_targets', type: AttributeType.INT, i: 1 },
        ],
        'ai.onnx.ml',
      ),
      node('Sigmoid', ['sum'], ['probability']),
    ],
  });
}

/** Milliseconds by the clock and of the processor: the least of three goes, which was the least disturbed by others. */
async function least(work, goes = 3) {
  const found = { wall: Number.POSITIVE_INFINITY, cpu: Number.POSITIVE_INFINITY };
  for (let go = 0; go < goes; go++) {
    const start = performance.now();
    const before = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(before);
    found.wall = Math.min(found.wall, performance.now() - start);
    found.cpu = Math.min(found.cpu, (user + system) / 1000);
  }
  return found;
}

const TASKS = {
  async generate(folder, rows) {
    writeModels(folder);
    const columns = FEATURES.map((name, index) => `(hash(i * 10 + ${index}) % 1000000) / 1e6 AS ${name}`);
    await (await connect()).run(
      `COPY (SELECT ${columns.join(', ')}, (hash(i, 'y') % 100 < 40)::INTEGER AS y FROM range(${rows}) t(i))
       TO '${folder}/data.parquet'`,
    );
    return {};
  },

  /** What nobody can do without: every column once through DuckDB, and the model once over tensors that are ready. */
  async bare(folder, _, model) {
    const connection = await connect();
    const path = `${folder}/data.parquet`;
    const columns = [...FEATURES, 'y'];
    const scanWith = (look) => async () => {
      const result = await connection.stream(`SELECT ${columns.join(', ')} FROM read_parquet('${path}')`);
      for (;;) {
        const chunk = await result.fetchChunk();
        if (!chunk || chunk.rowCount === 0) break;
        look(chunk);
      }
    };
    const scan = await least(scanWith(() => {}));
    const copied = await least(
      scanWith((chunk) => {
        for (let column = 0; column < columns.length; column++) chunk.getColumnVector(column);
      }),
    );
    const counted = await connection.runAndReadAll(
      `SELECT count(*)::INTEGER AS n FROM read_parquet('${path}')`,
    );
    const rows = counted.getRowObjects()[0].n;
    const ort = await loadOrt();
    const session = await ort.InferenceSession.create(join(folder, `${model}.onnx`), {
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
    });
    const random = generator(7);
    const ready = new Float32Array(BATCH * FEATURES.length).map(random);
    const run = await least(async () => {
      for (let start = 0; start < rows; start += BATCH) {
        const count = Math.min(BATCH, rows - start);
        const data = ready.subarray(0, count * FEATURES.length);
        await session.run({ x: new ort.Tensor('float32', data, [count, FEATURES.length]) });
      }
    });
    return { scan, copied, run };
  },

  /** The whole evaluation of the command line but for the file it writes. */
  async ours(folder, resamples, model) {
    const { createDuckDbEngine, createOnnxRuntime } = await import('../packages/engine/lib/index.js');
    const { judgeModel } = await import('../packages/usecases/lib/judge-model.js');
    const { readProject } = await import('../packages/lineage/lib/index.js');
    const engine = createDuckDbEngine({ load: loadDuckDb, threads: 2 });
    const runtime = createOnnxRuntime({
      load: loadOrt,
      locate: async () => require.resolve('onnxruntime-node'),
    });
    const config = {
      version: 1,
      data: { data: { path: 'data.parquet' } },
      models: {
        [model]: {
          task: 'binary',
          target: 'y',
          features: FEATURES,
          evaluate: { data: 'data', resamples: Number(resamples) },
        },
      },
    };
    // JSON is YAML.
    const project = readProject(JSON.stringify(config));
    const ports = {
      workspace: {
        absolute: (path) => join(folder, path),
        readText: async () => undefined,
        digest: async () => ({ sha256: '0'.repeat(64), size: 1 }),
      },
      data: async () => engine,
      runtime: async () => runtime,
      context: { version: '0' },
      progress: { step() {} },
    };
    const named = { name: model, config: project.value.models[model], file: `${model}.onnx` };
    const files = [{ path: 'data.parquet', sha256: '0'.repeat(64) }];
    const judge = () => judgeModel(named, { data: { name: 'data', files }, project }, ports);
    let metrics;
    const whole = await least(async () => {
      metrics = (await judge()).record.evaluation.metrics;
    });
    return { ...whole, auc: metrics.roc_auc.value };
  },

  /** Both models' losses at hand: 10,000 resamples of the difference. */
  async bootstrap(_folder, metric) {
    const { compare, evaluate } = await import('../packages/metrics/lib/index.js');
    const { rows, resamples } = BOOTSTRAP;
    const random = generator(3);
    const truth = Float64Array.from({ length: rows }, random);
    const answers = () => ({ predictions: truth.map((value) => value + (random() - 0.5) / 4) });
    const question = { task: 'regression', truth };
    const [baseline, candidate] = [answers(), answers()];
    const recordOf = (given) => ({
      schema: 'rastro/evaluation/v1',
      model: { name: 'm', sha256: '0'.repeat(64), size: 1 },
      data: { name: 'd', files: [], rows },
      evaluator: { name: 'rastro', version: '0', versions: {} },
      params: {},
      evaluation: evaluate({ ...question, ...given, resamples: 0, metrics: [metric] }),
    });
    const [before, after] = [recordOf(baseline), recordOf(candidate)];
    const paired = { ...question, baseline, candidate, resamples };
    const whole = await least(
      () => compare({ baseline: before, candidate: after, specs: [{ metric }], paired }),
      1,
    );
    return whole;
  },
};

const PYTHON = {
  evaluate: `
import json, resource, sys, time
import numpy as np, onnxruntime as ort, pandas as pd
from sklearn import metrics as m
folder, model = sys.argv[1], sys.argv[2]
options = ort.SessionOptions(); options.intra_op_num_threads = 1; options.log_severity_level = 3
session = ort.InferenceSession(f"{folder}/{model}.onnx", options, providers=["CPUExecutionProvider"])
def judge():
    frame = pd.read_parquet(f"{folder}/data.parquet")
    x = frame[[f"x{i}" for i in range(10)]].to_numpy(np.float32); y = frame["y"].to_numpy()
    p = np.concatenate([session.run(None, {"x": x[i:i + ${BATCH}]})[0][:, 0] for i in range(0, len(x), ${BATCH})]).astype(float)
    called = (p >= 0.5).astype(int)
    found = [m.accuracy_score(y, called), m.balanced_accuracy_score(y, called), m.precision_score(y, called),
        m.recall_score(y, called), m.recall_score(y, called, pos_label=0), m.f1_score(y, called), m.fbeta_score(y, called, beta=2),
        m.fbeta_score(y, called, beta=0.5), m.matthews_corrcoef(y, called), m.cohen_kappa_score(y, called), m.roc_auc_score(y, p),
        m.average_precision_score(y, p), m.log_loss(y, p), m.brier_score_loss(y, p)]
    m.confusion_matrix(y, called); m.roc_curve(y, p); m.precision_recall_curve(y, p)
    np.histogram(np.maximum(p, 1 - p), 10)
    return found
walls = []; cpus = []
for _ in range(3):
    start = time.perf_counter(); cpu = time.process_time(); found = judge()
    walls.append(time.perf_counter() - start); cpus.append(time.process_time() - cpu)
print(json.dumps({"wall": 1000 * min(walls), "cpu": 1000 * min(cpus), "auc": found[10], "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))`,
  bootstrap: `
import json, resource, sys, time
import numpy as np
from scipy.stats import bootstrap
rng = np.random.default_rng(3)
truth = rng.random(${BOOTSTRAP.rows}); a = (rng.random(${BOOTSTRAP.rows}) - 0.5) / 4; b = (rng.random(${BOOTSTRAP.rows}) - 0.5) / 4
if sys.argv[1] == "mae":
    columns = (np.abs(a), np.abs(b)); statistic = lambda a, b, axis: (b - a).mean(axis=axis)
elif sys.argv[1] == "rmse":
    columns = (a * a, b * b); statistic = lambda a, b, axis: np.sqrt(b.mean(axis=axis)) - np.sqrt(a.mean(axis=axis))
else:
    columns = (truth, a * a, b * b); statistic = lambda t, a, b, axis: (a.mean(axis=axis) - b.mean(axis=axis)) / t.var(axis=axis)
start = time.perf_counter(); cpu = time.process_time()
bootstrap(columns, statistic, paired=True, vectorized=True, n_resamples=${BOOTSTRAP.resamples}, batch=10, method="percentile", random_state=rng)
print(json.dumps({"wall": 1000 * (time.perf_counter() - start), "cpu": 1000 * (time.process_time() - cpu), "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))`,
};

/** The least of each figure. */
function leastOf(all) {
  const of = (figure) => Math.min(...all.map((each) => each[figure]));
  return { wall: of('wall'), cpu: of('cpu'), memory: of('memory') };
}

function measured({ stdout, stderr, status }) {
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout.trim().split('\n').at(-1));
}

const self = fileURLToPath(import.meta.url);
const node = (...task) =>
  measured(spawnSync(process.execPath, [self, ...task.map(String)], { encoding: 'utf8' }));
const inPython = (name, ...args) =>
  measured(spawnSync(python, ['-c', PYTHON[name], ...args], { encoding: 'utf8' }));

function main(rows) {
  const folder = mkdtempSync(join(tmpdir(), 'rastro-bench-'));
  const hasPython = existsSync(python);
  const lines = [['', 'ms', 'CPU ms', 'against', 'ms', 'CPU ms', 'peak MB']];
  const row = (what, { wall, cpu, memory }, against, name = '') => {
    const ratio = (mine, its) => (against ? `${(mine / its).toFixed(2)}x` : '');
    const ratios = [ratio(wall, against?.wall), ratio(cpu, against?.cpu)];
    lines.push([what, wall.toFixed(0), cpu.toFixed(0), name, ...ratios, memory.toFixed(0)]);
  };
  try {
    node('generate', folder, rows);
    for (const model of ['trees', 'network']) {
      const bare = [];
      const whole = [];
      for (let turn = 0; turn < TURNS; turn++) {
        bare.push(node('bare', folder, rows, model));
        whole.push(node('ours', folder, 0, model));
      }
      const [scan, copied, run] = ['scan', 'copied', 'run'].map((part) =>
        leastOf(bare.map((each) => ({ ...each[part], memory: each.memory }))),
      );
      row(`${model}: bare scan`, scan);
      row(`${model}: bare scan, values copied`, copied);
      row(`${model}: bare run`, run);
      const sum = { wall: scan.wall + run.wall, cpu: scan.cpu + run.cpu };
      const plain = leastOf(whole);
      row(`${model}: evaluate, all metrics`, plain, sum, 'scan + run');
      row(`${model}: evaluate, 1,000 resamples`, node('ours', folder, 1000, model), sum, 'scan + run');
      if (hasPython)
        row(`${model}: Python, all metrics`, inPython('evaluate', folder, model), plain, 'evaluate');
    }
    for (const metric of ['mae', 'rmse', 'r2']) {
      const ours = node('bootstrap', folder, metric);
      row(`paired bootstrap, ${metric}`, ours);
      if (hasPython) row(`paired bootstrap, ${metric}, scipy`, inPython('bootstrap', metric), ours, 'ours');
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const widths = lines[0].map((_, column) => Math.max(...lines.map((cells) => cells[column].length)));
  const line = (cells) =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column])))
      .join('  ');
  console.log(
    `${rows} rows, ${FEATURES.length} features; bootstrap ${BOOTSTRAP.resamples} x ${BOOTSTRAP.rows}`,
  );
  for (const cells of lines) console.log(line(cells));
}

const [first, ...rest] = process.argv.slice(2);
if (first in TASKS) {
  const found = await TASKS[first](...rest);
  console.log(JSON.stringify({ ...found, memory: process.resourceUsage().maxRSS / 1024 }));
} else main(Number(first ?? 1_000_000));
