import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Batch, LoadedModel, ScoringRequest } from '@rastro/usecases';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createOnnxRuntime, loadOnnxRuntime, locateOnnxRuntime } from '../src/index.ts';
import { floats, node, onnxModel } from './onnx-model.ts';

const WIDTH = 256;
const ROWS = 120_000;
const TABLE = [0, 1000, 2000, 3000];
const request: ScoringRequest = { task: 'regression', features: ['a', 'b'] };

let folder: string;
/** Runs on the thread of the test. */
let here: number;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rastro-threads-'));
  await writeFile(join(folder, 'model.onnx'), slowModel());
  here = 0;
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** ONNX Runtime itself, its runs on this thread counted. */
async function counted(): Promise<typeof import('onnxruntime-node')> {
  const ort = await loadOnnxRuntime();
  const create = async (...args: Parameters<typeof ort.InferenceSession.create>) => {
    const session = await ort.InferenceSession.create(...args);
    const run = session.run.bind(session);
    session.run = ((...given: Parameters<typeof run>) => {
      here++;
      return run(...given);
    }) as typeof run;
    return session;
  };
  return { ...ort, InferenceSession: { create } } as typeof ort;
}

async function withModel<T>(
  locate: (() => Promise<string>) | undefined,
  use: (model: LoadedModel) => Promise<T>,
): Promise<T> {
  const model = await createOnnxRuntime({ load: counted, ...(locate && { locate }) }).load(
    join(folder, 'model.onnx'),
  );
  try {
    return await use(model);
  } finally {
    await model.close();
  }
}

/**
 * A network that takes a while, plus the entry of a table of four that column b names: what is not in it breaks the run. The table may
 * be at the start of another file.
 */
function slowModel({ table = TABLE, tableFile }: { table?: number[]; tableFile?: string } = {}): Buffer {
  let seed = 1;
  const weights = (count: number) =>
    Array.from({ length: count }, () => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed / 2_147_483_647 - 0.5;
    });
  return onnxModel({
    inputs: [
      ['a', 'float', [null, 1]],
      ['b', 'int64', [null, 1]],
    ],
    outputs: [['y', 'float', [null, 1]]],
    nodes: [
      node('MatMul', ['a', 'w1'], ['h1']),
      node('Tanh', ['h1'], ['t1']),
      node('MatMul', ['t1', 'w2'], ['h2']),
      node('Tanh', ['h2'], ['t2']),
      node('MatMul', ['t2', 'w3'], ['z']),
      node('Gather', ['table', 'b'], ['entry']),
      node('Add', ['z', 'entry'], ['y']),
    ],
    constants: [
      floats('w1', [1, WIDTH], weights(WIDTH)),
      floats('w2', [WIDTH, WIDTH], weights(WIDTH * WIDTH)),
      floats('w3', [WIDTH, 1], weights(WIDTH)),
      tableFile === undefined
        ? floats('table', [4], table)
        : {
            name: 'table',
            dataType: 1,
            dims: [4],
            dataLocation: 1,
            externalData: [{ key: 'location', value: tableFile }],
          },
    ],
  });
}

/** Batches of uneven length, over the same memory, with other values in the rows that `but` names. */
async function* batches(
  but: Readonly<Record<number, { a?: number; b?: number }>> = {},
): AsyncIterable<Batch> {
  const room = [new Float64Array(5000), new Float64Array(5000)] as const;
  for (let first = 0; first < ROWS; first += 5000) {
    for (let row = 0; row < 5000; row++) {
      const { a = Math.sin(first + row), b = (first + row) % 4 } = but[first + row] ?? {};
      room[0][row] = a;
      room[1][row] = b;
    }
    yield { rows: 5000, columns: room };
    for (const column of room) column.fill(Number.NaN);
  }
}

const score = (model: LoadedModel, but?: Parameters<typeof batches>[0]) =>
  model.scoreAll(request, batches(but));

describe.skipIf(availableParallelism() < 2)('rows that wait for a model', () => {
  test('are run on threads of its own, with the answers and the order of one thread', async () => {
    const alone = await withModel(undefined, score);
    const runs = here;
    expect(runs).toBe((ROWS / 5000) * 3);
    await withModel(locateOnnxRuntime, async (model) => {
      // A thread takes a while to start, longer on a busy machine.
      for (let tries = 0; tries < 50 && here >= runs; tries++) {
        here = 0;
        expect(await score(model)).toEqual(alone);
      }
    });
    expect(here).toBeLessThan(runs);
  });

  test('are answered in two scorings at a time', async () => {
    const [first, second] = await withModel(locateOnnxRuntime, (model) =>
      Promise.all([score(model), score(model)]),
    );
    expect(first!.rows).toBe(ROWS);
    expect(second).toEqual(first);
  });

  test('say the first of several rows that break the run', async () => {
    const broken = { 100001: { b: 9 }, 101000: { b: 8 }, 119999: { b: 7 } };
    await withModel(locateOnnxRuntime, async (model) => {
      await expect(score(model, broken)).rejects.toThrow(/cannot be run: .*idx=9/);
      // The threads are there for the next scoring.
      expect((await score(model)).rows).toBe(ROWS);
    });
  });

  test('say the first of several answers that are no number, and what is missing', async () => {
    const missing = { 90001: { a: Number.NaN }, 110000: { a: Number.NaN } };
    await withModel(locateOnnxRuntime, (model) =>
      expect(score(model, missing)).rejects.toThrow('answers NaN for row 90002, where a is missing'),
    );
  });

  test('say the first rows that are at fault, though later ones cannot even be fed or read', async () => {
    const first = { 90001: { a: Number.NaN } };
    async function* broken(): AsyncIterable<Batch> {
      yield* batches(first);
      throw new Error('the rest cannot be read');
    }
    await withModel(locateOnnxRuntime, async (model) => {
      // In the run after that of the missing value.
      await expect(score(model, { ...first, 92500: { b: Number.NaN } })).rejects.toThrow(
        'answers NaN for row 90002, where a is missing',
      );
      await expect(model.scoreAll(request, broken())).rejects.toThrow('answers NaN for row 90002');
    });
  });

  test('are run on the thread that asks where no other can be started', async () => {
    const scores = await withModel(async () => join(folder, 'absent.js'), score);
    expect(scores.rows).toBe(ROWS);
    expect(here).toBe((ROWS / 5000) * 3);
  });

  test('are run on the thread that asks where the machine gives no other', async () => {
    // What no thread can be given makes its start throw at once, as a limit on threads does.
    const unfit = Symbol('a file') as unknown as string;
    const scores = await withModel(async () => unfit, score);
    expect(scores.rows).toBe(ROWS);
    expect(here).toBe((ROWS / 5000) * 3);
  });

  test('are run on the thread that asks where one more session would take too much, with its external data', async () => {
    await writeFile(join(folder, 'model.onnx'), slowModel({ tableFile: 'table.bin' }));
    await writeFile(join(folder, 'table.bin'), Float32Array.from(TABLE));
    // The rest of the file is never written, and takes no room on the disk.
    await truncate(join(folder, 'table.bin'), 600 * 1024 * 1024);
    const scores = await withModel(locateOnnxRuntime, score);
    expect(scores.rows).toBe(ROWS);
    expect(here).toBe((ROWS / 5000) * 3);
  });

  test('are run on the thread that asks, by the model that was loaded, where its file is written anew', async () => {
    const alone = await withModel(undefined, score);
    here = 0;
    await withModel(locateOnnxRuntime, async (model) => {
      await writeFile(join(folder, 'model.onnx'), slowModel({ table: [1, 2, 3, 4] }));
      expect(await score(model)).toEqual(alone);
    });
    expect(here).toBe((ROWS / 5000) * 3);
  });

  test('are told as lost where their thread ends without a word', async () => {
    const path = join(folder, 'ends.js');
    await writeFile(
      path,
      `exports.Tensor = class {};
      exports.InferenceSession = { create: async () => ({ run: () => process.exit() }) };`,
    );
    await withModel(
      async () => path,
      async (model) => {
        await expect(
          (async () => {
            // Until a thread is up.
            for (;;) await score(model);
          })(),
        ).rejects.toThrow('model.onnx cannot be run: its thread ended');
      },
    );
  });

  test('are run on the thread that asks where a run takes no longer than handing it over', async () => {
    const ROWS_ALONE = 20_000;
    await writeFile(
      join(folder, 'model.onnx'),
      onnxModel({
        inputs: [
          ['a', 'float', [1, 1]],
          ['b', 'float', [1, 1]],
        ],
        outputs: [['y', 'float', [1, 1]]],
        nodes: [node('Add', ['a', 'b'], ['y'])],
      }),
    );
    // However busy the machine is.
    let clock = 0;
    const now = vi.spyOn(performance, 'now').mockImplementation(() => (clock += 0.05));
    try {
      await withModel(locateOnnxRuntime, async (model) => {
        const columns = [new Float64Array(ROWS_ALONE).fill(1), new Float64Array(ROWS_ALONE).fill(2)];
        const { values } = await model.score(request, { rows: ROWS_ALONE, columns, after: 1_000_000 });
        expect(values!.every((value) => value === 3)).toBe(true);
      });
      expect(here).toBe(ROWS_ALONE);
    } finally {
      now.mockRestore();
    }
  });

  test('are few: no thread is started', async () => {
    await withModel(locateOnnxRuntime, async (model) => {
      const columns = [Float64Array.of(1, 2), Float64Array.of(0, 3)];
      expect((await model.score(request, { rows: 2, columns })).rows).toBe(2);
      expect(here).toBe(1);
    });
  });
});
