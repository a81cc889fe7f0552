"""The rows that the run learns from, in the same order as in the browser."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset

Row = dict[str, Any]

# The values that pad shorter rows: masked tokens without a label.
FILL = {"input_ids": 0, "attention_mask": 0, "labels": -100}
BLANK: Row = {"input_ids": [0], "attention_mask": [1], "labels": [-100]}


class Rows(Dataset[Row]):
    """The rows of `file` in an epoch's order. Blank rows make the epoch's last step as long as the other steps, so that
    the same number of processes can share it. They have no labels and don't count in the loss."""

    def __init__(self, file: Path, rows_per_step: int, shuffle: bool, seed: int) -> None:
        # Rows stay text until they are used: parsed numbers would take five times the memory.
        with file.open() as lines:
            self.lines = list(lines)
        self.length = math.ceil(len(self.lines) / rows_per_step) * rows_per_step
        self.shuffle = shuffle
        self.seed = seed
        self.set_epoch(0)

    def set_epoch(self, epoch: int) -> None:
        """The Trainer calls this at the start of each epoch."""
        count = len(self.lines)
        self.order: Sequence[int] = permutation(count, self.seed, epoch) if self.shuffle else range(count)

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> Row:
        if index >= len(self.lines):
            return BLANK
        row: Row = json.loads(self.lines[self.order[index]])
        return row


def collate(rows: list[Row]) -> dict[str, torch.Tensor]:
    """Pads rows to one length. Each document of a packed row becomes a row, so that no token attends to another
    document."""
    documents = [document for row in rows for document in split(row)]
    length = max(len(document["input_ids"]) for document in documents)
    batch = {
        key: torch.tensor([document[key] + [fill] * (length - len(document[key])) for document in documents])
        for key, fill in FILL.items()
    }
    # No token precedes the first one to predict it, but for some models the Trainer would count its label.
    batch["labels"][:, 0] = -100
    return batch


def split(row: Row) -> list[Row]:
    documents, start = [], 0
    for length in row.get("seq_lengths", [len(row["input_ids"])]):
        documents.append({key: row[key][start : start + length] for key in FILL})
        start += length
    return documents


def permutation(length: int, seed: int, epoch: int) -> list[int]:
    """The Fisher-Yates shuffle of 0 … length - 1. Its random numbers depend only on the seed and the epoch."""
    words = philox(np.arange((length + 1) // 2, dtype=np.uint64), epoch, seed)
    # Two words of 32 bits make one number in [0, 1) with 53 random bits.
    uniform = ((words[:, 0::2] >> 5) * 2.0**26 + (words[:, 1::2] >> 6)).reshape(-1) / 2.0**53
    order = list(range(length))
    for i in range(length - 1, 0, -1):
        j = int(uniform[i] * (i + 1))
        order[i], order[j] = order[j], order[i]
    return order


def philox(block: Any, epoch: int, seed: int) -> Any:
    """Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3"): four 32-bit words per block."""
    mask = 0xFFFFFFFF
    stream = 1  # the random numbers that shuffle rows
    c0, c1, c2, c3 = block & mask, block >> 32, np.full_like(block, epoch), np.full_like(block, stream)
    k0, k1 = seed & mask, seed >> 32
    for _ in range(10):
        a, b = c0 * 0xD2511F53, c2 * 0xCD9E8D57
        c0, c1, c2, c3 = b >> 32 ^ c1 ^ k0, b & mask, a >> 32 ^ c3 ^ k1, a & mask
        k0, k1 = k0 + 0x9E3779B9 & mask, k1 + 0xBB67AE85 & mask
    return np.stack([c0, c1, c2, c3], axis=1)
