"""Fits logistic regressions with scikit-learn, for comparison with classifiers that webvera fits to the same examples.

Reads a request as JSON from the standard input, and prints measurements as JSON. The strength of the penalty is chosen
by cross-validation over the examples that a regression is fitted to; the test set only measures the accuracy.
"""

import json
import sys
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

STRENGTHS = [0.1, 1.0, 10.0, 100.0, 1000.0]
"""The candidates for C, the inverse strength of the penalty: the same as in webvera's `fit_head`."""
FOLDS = 5
MOST_ITERATIONS = 10_000


@dataclass(frozen=True)
class Examples:
    inputs: list[str] | list[list[float]]
    """Either texts, whose words are weighted by tf-idf, or vectors."""
    labels: list[str]


def main() -> None:
    request = json.load(sys.stdin)
    train, test = Examples(**request["train"]), Examples(**request["test"])
    json.dump([run(train, test, rows) for rows in request["runs"]], sys.stdout)


def run(train: Examples, test: Examples, rows: list[int]) -> dict[str, Any]:
    """Fits a regression to some of the training examples, and measures it on the test set."""
    inputs, labels = inputs_of(train), np.array(train.labels)
    regression = LogisticRegression(max_iter=MOST_ITERATIONS)
    model = make_pipeline(TfidfVectorizer(), regression) if inputs.dtype == object else make_pipeline(regression)
    begun = time.perf_counter()
    # Each fold has the same share of each class, and the folds are the same in every run.
    search = GridSearchCV(model, {"logisticregression__C": STRENGTHS}, cv=FOLDS)
    search.fit(inputs[rows], labels[rows])
    seconds = time.perf_counter() - begun
    accuracy = float(search.score(inputs_of(test), np.array(test.labels)))
    return {"accuracy": accuracy, "C": search.best_params_["logisticregression__C"], "seconds": seconds}


def inputs_of(examples: Examples) -> np.ndarray[Any, Any]:
    """Returns an array of texts with the shape (N), or of vectors with the shape (N, D)."""
    is_text = isinstance(examples.inputs[0], str)
    return np.array(examples.inputs, dtype=object if is_text else np.float64)


if __name__ == "__main__":
    main()
