"""Functions that the scripts of this folder share: training with webvera's defaults, and perplexity."""

import math
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

import torch
from transformers import get_scheduler

Batch = dict[str, torch.Tensor]
Row = TypeVar("Row")

WARM_UP = 0.06
"""The fraction of the steps in which the learning rate rises: webvera's `warmup_ratio`."""
LARGEST_NORM = 1.0
"""webvera's `max_grad_norm`."""


def train(model: Any, batches: Iterator[Batch], steps: int, learning_rate: float) -> None:
    """Trains all trainable parameters with AdamW."""
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=learning_rate, weight_decay=0.0)
    scheduler = get_scheduler("linear", optimizer, math.ceil(WARM_UP * steps), steps)
    model.train()
    for _ in range(steps):
        optimizer.zero_grad()
        model(**next(batches)).loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, LARGEST_NORM)
        optimizer.step()
        scheduler.step()


def endless(rows: Sequence[Row], size: int) -> Iterator[list[Row]]:
    """Yields batches forever, in a new order for each pass over the examples. A pass's last batch may have fewer."""
    while True:
        order = torch.randperm(len(rows)).tolist()
        for start in range(0, len(order), size):
            yield [rows[index] for index in order[start : start + size]]


def perplexity(model: Any, rows: Sequence[list[int]]) -> float:
    model.eval()
    loss, predictions = 0.0, 0
    with torch.no_grad():
        for row in rows:
            input_ids = torch.tensor([row])
            loss += model(input_ids=input_ids, labels=input_ids).loss.item() * (len(row) - 1)
            predictions += len(row) - 1
    return math.exp(loss / predictions)
