import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { realData, type TemporaryDirectory, temporaryDirectory } from '@rastro/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cli } from './place.ts';

const real = realData();
const same = (...names: string[]) => Object.fromEntries(names.map((name) => [name, name]));

/** Our name of a metric to the oracle's. */
const METRICS: Record<string, Record<string, string>> = {
  binary: {
    ...same('accuracy', 'balanced_accuracy', 'precision', 'recall', 'specificity', 'f1', 'f2', 'mcc'),
    ...same('cohen_kappa', 'roc_auc', 'average_precision', 'brier'),
    f0_5: 'f05',
    ece: 'ece_10_equal_width',
  },
  multiclass: same('accuracy', 'balanced_accuracy', 'mcc', 'cohen_kappa', 'log_loss'),
  regression: {
    ...same('mae', 'mse', 'rmse', 'r2', 'median_ae', 'max_error', 'explained_variance'),
    mape: 'mape_fraction',
    smape: 'smape_fraction',
  },
};
const NUMBERS_OF_ADULT = 'age,education_num,capital_gain,capital_loss,hours_per_week,fnlwgt';
const BILLS = 'bill_length_mm,bill_depth_mm,flipper_length_mm,body_mass_g';

const models: [
  folder: string,
  model: string,
  oracle: string,
  task: string,
  target: string,
  features: string,
][] = [
  ['binary-adult', 'model_v1_logreg_num6', 'v1', 'binary', 'label', NUMBERS_OF_ADULT],
  ['binary-adult', 'model_v2_gbt_num6', 'v2', 'binary', 'label', NUMBERS_OF_ADULT],
  ['binary-adult', 'model_v3_gbt_multi_input', 'v3', 'binary', 'label', ''],
  ['regression-diamonds', 'model_v1_linear', 'v1', 'regression', 'price', 'carat,depth,table,x,y,z'],
  ['regression-diamonds', 'model_v2_gbt_multi_input', 'v2', 'regression', 'price', ''],
  ['multiclass-digits', 'model_v1_softmax_probs_only', 'v1', 'multiclass', 'digit', ''],
  ['multiclass-digits', 'model_v2_rf', 'v2', 'multiclass', 'digit', ''],
  ['multiclass-penguins', 'model_string_labels', 'v1', 'multiclass', 'species', BILLS],
  ['multiclass-penguins', 'model_string_labels_zipmap', 'v1', 'multiclass', 'species', BILLS],
];

describe.runIf(real)('a real model, judged by the shipped command line without rastro.yaml', () => {
  let folder: TemporaryDirectory;
  beforeAll(async () => {
    folder = await temporaryDirectory();
  });
  afterAll(() => folder?.dispose());

  test.each(models)(
    '%s %s has the metrics of scikit-learn',
    async (data, model, version, task, target, features) => {
      const { path } = folder;
      await copyFile(join(real!, data, 'test.csv'), join(path, `${data}.csv`));
      await copyFile(join(real!, data, `${model}.onnx`), join(path, `${model}.onnx`));
      const inputs = [
        '--model',
        `${model}.onnx`,
        '--data',
        `${data}.csv`,
        '--target',
        target,
        '--task',
        task,
      ];
      const { exitCode, stderr } = await cli(path, [
        'evaluate',
        ...inputs,
        ...(features === '' ? [] : ['--features', features]),
      ]);
      expect(exitCode, stderr).toBe(0);
      const { evaluation } = JSON.parse(await readFile(join(path, `metrics/${model}.json`), 'utf8'));
      const oracle = JSON.parse(await readFile(join(real!, `oracles/${data}.json`), 'utf8'))[version];
      for (const [name, theirs] of Object.entries(METRICS[task]!)) {
        const off = Math.abs(evaluation.metrics[name].value / oracle[theirs] - 1);
        // What float32 leaves of a number; the oracles were computed from a file of answers.
        expect(off, name).toBeLessThan(task === 'regression' ? 1e-4 : 1e-6);
      }
    },
  );
});
