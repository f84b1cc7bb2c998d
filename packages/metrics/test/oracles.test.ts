import { expect, test } from 'vitest';
import { type Evaluation, evaluate, mcnemar } from '../src/index.ts';
import { describeReal, realCsv, realOracle, rowMajor } from './real.ts';

function expectClose(found: number | null | undefined, expected: number, what: string): void {
  const gap = Math.abs((found ?? Number.NaN) - expected) / Math.max(1e-300, Math.abs(expected));
  expect(gap, `${what}: ${found} for ${expected}`).toBeLessThanOrEqual(1e-9);
}

function expectMetrics(evaluation: Evaluation, expected: Record<string, number>): void {
  for (const [name, value] of Object.entries(expected)) {
    expectClose(evaluation.metrics[name]?.value, value, name);
  }
}

describeReal('adult, two classes', () => {
  const rows = realCsv('binary-adult/predictions_test.csv');
  const truth = rows.texts('y_true');
  const data = realCsv('binary-adult/test.csv');
  const oracle = realOracle('binary-adult.json');
  const slices = ['sex', 'race'].map((column) => ({ column, values: data.texts(column) }));

  test.each(['v1', 'v2', 'v3'])('%s is measured as scikit-learn measures it', (version) => {
    const expected = oracle[version];
    const found = evaluate({
      task: 'binary',
      truth,
      predictions: rows.texts(`pred_${version}`),
      scores: rows.numbers(`p_${version}`),
      slices,
      resamples: 0,
    });
    expectMetrics(found, {
      accuracy: expected.accuracy,
      balanced_accuracy: expected.balanced_accuracy,
      precision: expected.precision,
      recall: expected.recall,
      specificity: expected.specificity,
      f1: expected.f1,
      f2: expected.f2,
      f0_5: expected.f05,
      roc_auc: expected.roc_auc,
      average_precision: expected.average_precision,
      log_loss: expected.log_loss_eps_2p22e_16,
      brier: expected.brier,
      mcc: expected.mcc,
      cohen_kappa: expected.cohen_kappa,
      ece: expected.ece_10_equal_width,
    });
    const { tn, fp, fn, tp } = expected.confusion;
    expect(found.confusion).toEqual([
      [tn, fp],
      [fn, tp],
    ]);
    const f1s = found.per_class!.map(({ f1, rows }) => ({ f1, rows }));
    expectClose((f1s[0]!.f1 + f1s[1]!.f1) / 2, expected.macro_f1, 'macro f1');
    expectClose(
      (f1s[0]!.f1 * f1s[0]!.rows + f1s[1]!.f1 * f1s[1]!.rows) / found.rows,
      expected.weighted_f1,
      'weighted f1',
    );
  });

  test.each(['v1', 'v2', 'v3'])('%s is measured in every slice', (version) => {
    const found = evaluate({
      task: 'binary',
      truth,
      predictions: rows.texts(`pred_${version}`),
      scores: rows.numbers(`p_${version}`),
      metrics: ['accuracy', 'recall', 'roc_auc'],
      slices,
      resamples: 0,
    });
    for (const [name, byVersion] of Object.entries<Record<string, Record<string, number>>>(oracle.slices)) {
      const expected = byVersion[version]!;
      const slice = found.slices.find(({ column, value }) => `${column}=${value}` === name);
      expect(slice?.rows, name).toBe(expected.n);
      for (const metric of ['accuracy', 'recall', 'roc_auc']) {
        expectClose(slice?.metrics[metric]?.value, expected[metric]!, `${name} ${metric}`);
      }
    }
    const bySex = ['Female', 'Male'].map((sex) => oracle.slices[`sex=${sex}`][version].selection_rate);
    expectClose(found.fairness?.[0]?.demographic_parity, bySex[1] - bySex[0], 'demographic parity');
  });

  test('McNemar tells v1 and v2 apart', () => {
    const right = (version: string) =>
      Uint8Array.from(rows.texts(`pred_${version}`), (label, row) => Number(label === truth[row]));
    const found = mcnemar(right('v1'), right('v2'));
    expect(found.onlyFirst).toBe(oracle.mcnemar_v1_v2.v1_right_v2_wrong);
    expect(found.onlySecond).toBe(oracle.mcnemar_v1_v2.v1_wrong_v2_right);
    expectClose(found.exactP, oracle.mcnemar_v1_v2.exact_p, 'exact p');
    expectClose(found.chi2, oracle.mcnemar_v1_v2.chi2_cc, 'chi2');
  });

  test('bootstrap intervals agree with numpy up to the noise of resampling', () => {
    const found = evaluate({
      task: 'binary',
      truth,
      predictions: rows.texts('pred_v1'),
      scores: rows.numbers('p_v1'),
      metrics: ['accuracy', 'f1', 'roc_auc'],
      resamples: 2000,
    });
    for (const metric of ['accuracy', 'f1', 'roc_auc']) {
      const [one, other] = oracle.bootstrap_ci[`${metric}_v1`];
      const { low, high } = found.metrics[metric]!;
      for (const [end, bound] of [low, high].entries()) {
        const seedGap = Math.abs(one.percentile_95[end] - other.percentile_95[end]);
        const allowed = Math.max(3 * seedGap, 0.15 * one.se);
        expect(Math.abs(bound! - one.percentile_95[end]), `${metric} ${end}`).toBeLessThan(allowed);
      }
    }
  });
});

describeReal('digits and penguins, many classes', () => {
  const averages = (expected: Record<string, Record<string, number>>) =>
    Object.fromEntries(
      ['macro', 'micro', 'weighted'].flatMap((average) =>
        ['precision', 'recall', 'f1'].map((metric) => [`${metric}_${average}`, expected[average]![metric]!]),
      ),
    );

  function expectMulticlass(found: Evaluation, expected: ReturnType<typeof realOracle>): void {
    expectMetrics(found, {
      accuracy: expected.accuracy,
      balanced_accuracy: expected.balanced_accuracy,
      mcc: expected.mcc,
      cohen_kappa: expected.cohen_kappa,
      ...averages(expected),
      log_loss: expected.log_loss,
      roc_auc_ovr: expected.roc_auc_ovr_macro,
      roc_auc_ovr_weighted: expected.roc_auc_ovr_weighted,
      roc_auc_ovo: expected.roc_auc_ovo_macro,
      roc_auc_ovo_weighted: expected.roc_auc_ovo_weighted,
    });
    for (const [k, value] of Object.entries<number>(expected.top_k)) {
      expectClose(found.metrics[`top_${k}_accuracy`]?.value, value, `top ${k}`);
    }
    expect(found.confusion).toEqual(expected.confusion_rows_true_cols_pred);
    for (const { class: label, rows, precision, recall, f1, roc_auc } of found.per_class!) {
      const each = expected.per_class[label];
      expect(rows).toBe(each.support);
      expectClose(precision, each.precision, `precision of ${label}`);
      expectClose(recall, each.recall, `recall of ${label}`);
      expectClose(f1, each.f1, `f1 of ${label}`);
      expectClose(roc_auc, expected.roc_auc_ovr_per_class[label], `AUC of ${label}`);
    }
  }

  test.each(['v1', 'v2'])('digits %s', (version) => {
    const rows = realCsv('multiclass-digits/predictions_test.csv');
    const classes = Array.from({ length: 10 }, (_, digit) => String(digit));
    const found = evaluate({
      task: 'multiclass',
      truth: rows.texts('y_true'),
      predictions: rows.texts(`pred_${version}`),
      scores: rowMajor(classes.map((digit) => rows.numbers(`${version}_p${digit}`))),
      classes,
      resamples: 0,
    });
    expectMulticlass(found, realOracle('multiclass-digits.json')[version]);
  });

  test('penguins, with names for labels', () => {
    const rows = realCsv('multiclass-penguins/predictions_test.csv');
    const expected = realOracle('multiclass-penguins.json').v1;
    const classes: string[] = expected.labels;
    const found = evaluate({
      task: 'multiclass',
      truth: rows.texts('y_true'),
      predictions: rows.texts('pred'),
      scores: rowMajor(classes.map((label) => rows.numbers(`p_${label}`))),
      classes,
      resamples: 0,
    });
    expectMulticlass(found, expected);
  });
});

describeReal('diamonds, a regression', () => {
  test.each(['v1', 'v2'])('%s is measured as scikit-learn measures it', (version) => {
    const rows = realCsv('regression-diamonds/predictions_test.csv');
    const expected = realOracle('regression-diamonds.json')[version];
    const found = evaluate({
      task: 'regression',
      truth: rows.numbers('y_true'),
      predictions: rows.numbers(`pred_${version}`),
      metrics: [
        'mae',
        'mse',
        'rmse',
        'r2',
        'mape',
        'smape',
        'median_ae',
        'max_error',
        'explained_variance',
        'pinball_0_9',
      ],
      resamples: 0,
    });
    expectMetrics(found, {
      mae: expected.mae,
      mse: expected.mse,
      rmse: expected.rmse,
      r2: expected.r2,
      mape: expected.mape_fraction,
      smape: expected.smape_fraction,
      median_ae: expected.median_ae,
      max_error: expected.max_error,
      explained_variance: expected.explained_variance,
      pinball_0_9: expected.pinball_0_9,
    });
  });
});

describeReal('predictions that were shipped with a dataset, by threshold of their maker', () => {
  test.each(['reference', 'current'])('california %s', (period) => {
    const rows = realCsv(`drift-california/${period}.csv`);
    const expected = realOracle('predictions-california.json')[period];
    const found = evaluate({
      task: 'binary',
      truth: rows.texts('clf_target'),
      predictions: rows.texts('y_pred'),
      scores: rows.numbers('y_pred_proba'),
      resamples: 0,
    });
    expectMetrics(found, {
      accuracy: expected.accuracy,
      f1: expected.f1,
      roc_auc: expected.roc_auc,
      average_precision: expected.average_precision,
      log_loss: expected.log_loss_eps_2p22e_16,
      brier: expected.brier,
      mcc: expected.mcc,
      cohen_kappa: expected.cohen_kappa,
      ece: expected.ece_10_equal_width,
    });
  });
});
