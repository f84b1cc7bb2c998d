"""Draws cases from the seed in the first argument and judges each by scikit-learn, scipy, or numpy by definition.

Writes JSON: `metrics`, a list of requests with what is expected of each metric (null: undefined on these rows), `tests`,
lists of inputs and results of statistical tests, and `fairness`, gaps between groups as Fairlearn has them.
"""

import json
import sys
import warnings

import numpy as np
import scipy.stats
from fairlearn.metrics import demographic_parity_difference, equalized_odds_difference
from sklearn import metrics as sk

warnings.simplefilter("ignore")
rng = np.random.default_rng(int(sys.argv[1]))


def when(defined, value):
    return float(value()) if defined else None


def calibration_error(confidence, came_true):
    bins = np.minimum(9, np.floor(confidence * 10))
    return sum(
        abs((came_true[bins == b] - confidence[bins == b]).mean()) * (bins == b).mean() for b in np.unique(bins)
    )


SCORES = {
    "smooth": lambda s, n: s,
    "ties": lambda s, n: np.round(s, 1),
    "constant": lambda s, n: np.full(n, rng.choice([0.0, 0.5, 1.0, 0.3])),
    "certain": lambda s, n: rng.choice([0.0, 1.0, 1e-300, 1 - 2**-53, 0.5], n),
    "float32": lambda s, n: s.astype(np.float32).astype(float),
}
NAMES = [("0", "1"), ("no", "yes"), ("1", "2"), ("<=50K", ">50K"), ("false", "true"), ("-1", "1"), ("a b", "ç é")]


def binary(kind):
    n = int(rng.choice([1, 2, 3, 10, 40, 300]))
    y = (rng.random(n) < rng.choice([0, 0.01, 0.3, 0.5, 0.9, 1])).astype(int)
    s = SCORES[kind](rng.random(n) * 0.7 + 0.3 * y * rng.random(n), n)
    p = (s >= 0.5).astype(int)
    names = NAMES[rng.integers(len(NAMES))]
    both = 0 < y.sum() < n
    return {
        "request": {
            "task": "binary",
            "truth": [names[v] for v in y],
            "scores": s.tolist(),
            "classes": names,
            "positive": names[1],
        },
        "expected": {
            "accuracy": sk.accuracy_score(y, p),
            "balanced_accuracy": sk.balanced_accuracy_score(y, p),
            "precision": sk.precision_score(y, p),
            "recall": sk.recall_score(y, p),
            "specificity": sk.recall_score(y, p, pos_label=0),
            "f1": sk.f1_score(y, p),
            "f2": sk.fbeta_score(y, p, beta=2),
            "f0_5": sk.fbeta_score(y, p, beta=0.5),
            "mcc": sk.matthews_corrcoef(y, p),
            "cohen_kappa": when(len(set(y) | set(p)) > 1, lambda: sk.cohen_kappa_score(y, p)),
            "roc_auc": when(both, lambda: sk.roc_auc_score(y, s)),
            "average_precision": sk.average_precision_score(y, s),
            "log_loss": sk.log_loss(y, s, labels=[0, 1]),
            "brier": sk.brier_score_loss(y, s, labels=[0, 1]),
            "ece": calibration_error(s, y),
        },
    }


def multiclass(kind):
    n, k = int(rng.choice([1, 2, 5, 30, 300])), int(rng.choice([3, 4, 9]))
    y = rng.choice(k, n, p=rng.dirichlet(np.full(k, rng.choice([0.1, 1, 10]))))
    boost = rng.random() * 0.6
    P = (1 - boost) * rng.dirichlet(np.full(k, rng.choice([0.2, 1, 5])), n) + boost * np.eye(k)[y]
    if kind == "ties":
        P = np.round(P * 4) + 0.25
    if kind == "constant":
        P = np.ones_like(P)
    if kind == "certain":
        P = np.eye(k)[rng.integers(k, size=n)]
    P /= P.sum(axis=1, keepdims=True)
    as_told = P.astype(np.float32).astype(float) if kind == "float32" else P
    p, labels, present = as_told.argmax(axis=1), list(range(k)), np.unique(y)
    auc = lambda **how: sk.roc_auc_score(y, as_told, labels=labels, **how)
    several, confidence = len(present) > 1, as_told.max(axis=1)
    # Until version 1.5 log_loss scaled rows to sum to 1, which those of float32 do not quite.
    scaled = as_told / as_told.sum(axis=1, keepdims=True)
    expected = {
        "accuracy": sk.accuracy_score(y, p),
        "balanced_accuracy": sk.balanced_accuracy_score(y, p),
        "mcc": sk.matthews_corrcoef(y, p),
        "cohen_kappa": when(len(set(y) | set(p)) > 1, lambda: sk.cohen_kappa_score(y, p)),
        "roc_auc_ovr": when(several and len(present) == k, lambda: auc(multi_class="ovr")),
        "roc_auc_ovr_weighted": when(several, lambda: auc(multi_class="ovr", average="weighted")),
        "roc_auc_ovo": when(several, lambda: auc(multi_class="ovo")),
        "roc_auc_ovo_weighted": when(several, lambda: auc(multi_class="ovo", average="weighted")),
        "average_precision_macro": sk.average_precision_score(np.eye(k)[y], as_told),
        "log_loss": sk.log_loss(y, scaled, labels=labels),
        "brier": sk.brier_score_loss(y, as_told, labels=labels),
        "ece": calibration_error(confidence, p == y),
    }
    for average in ("macro", "micro", "weighted"):
        for name, score in (("precision", sk.precision_score), ("recall", sk.recall_score), ("f1", sk.f1_score)):
            expected[f"{name}_{average}"] = score(y, p, average=average)
    for top in (2, 3, 5):
        expected[f"top_{top}_accuracy"] = sk.top_k_accuracy_score(y, as_told, k=top, labels=labels)
    names = [f"class {v}" for v in range(k)]
    return {
        "request": {
            "task": "multiclass",
            "truth": [names[v] for v in y],
            "scores": as_told.ravel().tolist(),
            "classes": names,
        },
        "expected": expected,
    }


def regression(kind):
    n = int(rng.choice([1, 2, 3, 20, 301]))
    y = rng.normal(size=n)
    y = {
        "negative": -np.abs(y) * 10,
        "zeros": np.where(rng.random(n) < 0.3, 0, y),
        "constant": np.full(n, 3.75),  # of a mean that is exact, so that scikit-learn sees a constant
        "huge": y * 1e12,
        "ties": np.round(y),
        "far": y + 1e9,
    }[kind]
    p = y + rng.normal(size=n) * rng.choice([0.01, 1, 10])
    if kind == "ties":
        p = np.round(p)
    if kind == "constant" and rng.random() < 0.3:
        p = y + rng.choice([0, 0.5])
    size = np.abs(y) + np.abs(p)
    expected = {
        "mae": sk.mean_absolute_error(y, p),
        "mse": sk.mean_squared_error(y, p),
        "rmse": sk.root_mean_squared_error(y, p),
        "median_ae": sk.median_absolute_error(y, p),
        "max_error": sk.max_error(y, p),
        "r2": when(n > 1, lambda: sk.r2_score(y, p)),
        "explained_variance": sk.explained_variance_score(y, p),
        "mape": sk.mean_absolute_percentage_error(y, p),
        "smape": np.mean(np.where(size > 0, 2 * np.abs(y - p) / np.where(size > 0, size, 1), 0)),
        "d2_absolute_error": when(n > 1, lambda: sk.d2_absolute_error_score(y, p)),
    }
    for name, alpha in (("0_1", 0.1), ("0_5", 0.5), ("0_9", 0.9)):
        expected[f"pinball_{name}"] = sk.mean_pinball_loss(y, p, alpha=alpha)
        expected[f"d2_pinball_{name}"] = when(n > 1, lambda: sk.d2_pinball_score(y, p, alpha=alpha))
    return {"request": {"task": "regression", "truth": y.tolist(), "predictions": p.tolist()}, "expected": expected}


def ranking(kind):
    groups, relevance, score, gains, precisions, firsts = [], [], [], [], [], []
    for query in range(int(rng.integers(1, 6))):
        n = int(rng.integers(2, 15))
        r = rng.integers(0, 2, n) if kind == "relevant or not" else rng.integers(0, 4, n) * rng.choice([1, 0.5])
        s = rng.normal(size=n) if rng.random() < 0.5 else np.round(rng.normal(size=n))
        gains.append(sk.ndcg_score([r], [s], k=10))
        precisions.append(sk.label_ranking_average_precision_score([r > 0], [s]) if r.any() else 0)
        firsts.append(1 / (s >= s[r > 0].max()).sum() if r.any() else 0)
        groups += [f"q{query}"] * n
        relevance += r.tolist()
        score += s.tolist()
    shuffled = rng.permutation(len(groups))
    return {
        "request": {
            "task": "regression",
            "truth": [relevance[i] for i in shuffled],
            "predictions": [score[i] for i in shuffled],
            "groups": [groups[i] for i in shuffled],
        },
        "expected": {"ndcg_at_10": np.mean(gains), "map": np.mean(precisions), "mrr": np.mean(firsts)},
    }


def delong():
    """By definition: the variance of the share of won pairs of each positive and of each negative."""
    n = int(rng.integers(12, 60))
    y = rng.permutation(np.arange(n) % 3 == 0)
    first, second = (np.round(rng.random(n) + 0.4 * y, int(rng.choice([1, 2, 9]))) for _ in range(2))
    wins = lambda s: np.sign(s[y][:, None] - s[~y][None, :]) / 2 + 0.5
    gap = wins(second) - wins(first)
    variance = gap.mean(axis=1).var(ddof=1) / y.sum() + gap.mean(axis=0).var(ddof=1) / (~y).sum()
    return {
        "truth": y.astype(int).tolist(),
        "first": first.tolist(),
        "second": second.tolist(),
        "auc": [sk.roc_auc_score(y, first), sk.roc_auc_score(y, second)],
        "standardError": float(np.sqrt(variance)),
        "p": float(2 * scipy.stats.norm.sf(abs(gap.mean()) / np.sqrt(variance))),
    }


def mcnemar():
    n = int(rng.integers(1, 400))
    first, second = (rng.random(n) < rng.choice([0.2, 0.5, 0.9]) for _ in range(2))
    b, c = int((first & ~second).sum()), int((~first & second).sum())
    chi2 = max(0, abs(b - c) - 1) ** 2 / (b + c) if b + c else 0
    return {
        "first": first.astype(int).tolist(),
        "second": second.astype(int).tolist(),
        "exactP": scipy.stats.binomtest(b, b + c).pvalue if b + c else 1,
        "chi2P": float(scipy.stats.chi2.sf(chi2, 1)),
    }


def false_discovery():
    p = rng.random(int(rng.integers(1, 40))) ** rng.choice([1, 4])
    return {"p": p.tolist(), "adjusted": scipy.stats.false_discovery_control(p).tolist()}


SCORES_OF_ERRORS = {
    "mae": lambda y, p, axis=-1: np.abs(y - p).mean(axis=axis),
    "median_ae": lambda y, p, axis=-1: np.median(np.abs(y - p), axis=axis),
    "r2": lambda y, p, axis=-1: 1 - ((y - p) ** 2).mean(axis=axis) / y.var(axis=axis),
}


def intervals():
    n = 150
    y = rng.gamma(2, 3, n)
    p = y + rng.gamma(1, 1, n)
    interval = lambda score, method: scipy.stats.bootstrap(
        (y, p), score, paired=True, n_resamples=20_000, batch=2000, method=method, rng=rng
    ).confidence_interval
    return {
        "truth": y.tolist(),
        "predictions": p.tolist(),
        "found": {
            method.lower(): {name: list(interval(score, method)) for name, score in SCORES_OF_ERRORS.items()}
            for method in ("percentile", "BCa")
        },
    }


DIFFERENCES = {
    "mae": lambda y, a, b, axis=-1: (np.abs(y - b) - np.abs(y - a)).mean(axis=axis),
    "rmse": lambda y, a, b, axis=-1: np.sqrt(((y - b) ** 2).mean(axis=axis)) - np.sqrt(((y - a) ** 2).mean(axis=axis)),
    "r2": lambda y, a, b, axis=-1: (((y - a) ** 2).mean(axis=axis) - ((y - b) ** 2).mean(axis=axis)) / y.var(axis=axis),
}


def paired_intervals():
    n = 5000
    y = rng.gamma(2, 3, n)
    before, after = y + rng.standard_t(5, n), y + rng.gamma(1, 1, n)
    interval = lambda difference: scipy.stats.bootstrap(
        (y, before, after), difference, paired=True, n_resamples=5000, batch=100, method="percentile", rng=rng
    ).confidence_interval
    return {
        "truth": y.tolist(),
        "baseline": before.tolist(),
        "candidate": after.tolist(),
        "found": {name: list(interval(difference)) for name, difference in DIFFERENCES.items()},
    }


def fairness(groups):
    n = 60 * groups
    y, group = rng.permutation(np.arange(n) % 3 == 0), rng.permutation(np.arange(n) % groups)
    p = rng.random(n) < rng.dirichlet(np.ones(groups))[group] * groups * (0.3 + 0.4 * y)
    p |= group == rng.integers(groups)  # one group is always called positive
    told = {"y_true": y, "y_pred": p, "sensitive_features": group}
    return {
        "truth": ["yes" if v else "no" for v in y],
        "predictions": ["yes" if v else "no" for v in p],
        "groups": [f"group {v}" for v in group],
        "demographic_parity": demographic_parity_difference(**told),
        "equalized_odds": equalized_odds_difference(**told),
    }


json.dump(
    {
        "metrics": [make(kind) for make in (binary, multiclass) for kind in SCORES for _ in range(10)]
        + [regression(k) for k in ("negative", "zeros", "constant", "huge", "ties", "far") for _ in range(10)]
        + [ranking(k) for k in ("relevant or not", "graded") for _ in range(20)],
        "tests": {
            "delong": [delong() for _ in range(20)],
            "mcnemar": [mcnemar() for _ in range(30)],
            "false_discovery": [false_discovery() for _ in range(20)],
            "intervals": intervals(),
        },
        "fairness": [fairness(groups) for groups in (2, 2, 3, 5, 9) for _ in range(6)],
        "paired_intervals": paired_intervals(),
    },
    sys.stdout,
    default=float,
)
