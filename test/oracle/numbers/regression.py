"""Records linear layers that scikit-learn solves, and their predictions."""

import platform
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import sklearn
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.multiclass import OneVsRestClassifier

from ..places import Json, write_json

ABOUT = "features (N, D), targets and weights of examples; predictions for other features by scikit-learn's solutions"
Floats = NDArray[np.float64]
SIZES = ((24, 6, 3), (30, 5, 2), (12, 20, 4), (40, 8, 8))
STRENGTHS = (0.1, 1.0, 100.0)


def make_regression(root: Path) -> None:
    versions = {
        "scikit-learn": sklearn.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
    }
    rows = [*_classes(), *_labels(), *_numbers()]
    write_json(root / "regression.json", {"about": ABOUT, "versions": versions, "rows": rows})


def _classes() -> Iterator[Json]:
    for seed, (N, D, K) in enumerate(SIZES):
        for C in STRENGTHS:
            for has_bias in (True, False):
                random = np.random.RandomState(seed)
                labels = np.arange(N) % K
                features = _features(random, N, D)
                features[:, : min(D, K)] += 0.5 * np.eye(K)[labels][:, : min(D, K)]
                weights = np.where(np.arange(N) % 3 == 0, 2.0, 1.0) if C == 1 else np.ones(N)
                model = LogisticRegression(C=C, tol=1e-10, max_iter=10_000, fit_intercept=has_bias)
                model.fit(features, labels, sample_weight=weights)
                others = _features(random, 3, D)
                situation = f"{K} classes, {N} examples, C {C:g}{'' if has_bias else ', no bias'}"
                yield _row(situation, C, has_bias, features, labels, weights, others, model.predict_proba(others))


def _labels() -> Iterator[Json]:
    for C in STRENGTHS:
        random = np.random.RandomState(10)
        features = _features(random, 30, 6)
        labels = (features @ random.randn(6, 4) + 0.3 * random.randn(30, 4) > 0).astype(int)
        model = OneVsRestClassifier(LogisticRegression(C=C, tol=1e-10, max_iter=10_000)).fit(features, labels)
        others = _features(random, 3, 6)
        yield _row(f"4 labels, C {C:g}", C, True, features, labels, np.ones(30), others, model.predict_proba(others))


def _numbers() -> Iterator[Json]:
    for N, D, T, has_bias in ((20, 5, 2, True), (6, 9, 1, True), (8, 8, 3, False)):
        for C in STRENGTHS:
            random = np.random.RandomState(20 + N)
            features = _features(random, N, D)
            targets = features @ random.randn(D, T) + 1 + 0.1 * random.randn(N, T)
            targets = targets.round(3)
            weights = np.where(np.arange(N) % 3 == 0, 2.0, 1.0) if C == 1 else np.ones(N)
            model = Ridge(alpha=1 / C, fit_intercept=has_bias).fit(features, targets, sample_weight=weights)
            others = _features(random, 3, D)
            situation = f"{T} numbers, {N} examples, {D} features, C {C:g}{'' if has_bias else ', no bias'}"
            predictions = model.predict(others).reshape(3, T)
            yield _row(situation, C, has_bias, features, targets, weights, others, predictions)


def _features(random: np.random.RandomState, N: int, D: int) -> Floats:
    """Draws random feature vectors with a norm of about 1, rounded to three decimals."""
    features = random.randn(N, D)
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    return np.asarray(features.round(3), dtype=np.float64)


def _row(
    situation: str,
    C: float,
    has_bias: bool,
    features: Floats,
    targets: NDArray[np.generic],
    weights: Floats,
    others: Floats,
    predictions: Floats,
) -> Json:
    return {
        "situation": situation,
        "C": C,
        "has_bias": has_bias,
        "outputs": predictions.shape[1],
        "D": features.shape[1],
        "features": features.ravel().tolist(),
        "targets": targets.ravel().tolist(),
        "weights": weights.tolist(),
        "others": others.ravel().tolist(),
        "predictions": [round(float(prediction), 12) for prediction in predictions.ravel()],
    }
