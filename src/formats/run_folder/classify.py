"""A classifier's examples: tokenised texts or images, each with its class, several labels, or values to predict."""

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, mse_loss

from data import Row, Rows

# The value in `labels` for a blank row, which the Trainer doesn't count.
BLANK = -100


class Examples(Rows):
    """Rows whose `labels` are their indices in the file, so that the Trainer counts each row once, and no blank rows.
    `loss` looks up the true labels."""

    def __init__(self, file: Path, run: dict[str, Any], pad_token_id: int | None) -> None:
        super().__init__(file, run["rows_per_step"], run["shuffle"], run["seed"])
        told = [(row["labels"], row.get("weight", 1.0)) for row in map(json.loads, self.lines)]
        self.targets = torch.tensor([labels for labels, _ in told]).float()
        self.weights = torch.tensor([weight for _, weight in told]).float()
        self.problem: str = run["problem_type"]
        self.smoothing: float = run["label_smoothing_factor"]
        self.images: dict[str, Any] = run.get("images", {})
        # The values that pad shorter texts.
        fills = {"input_ids": pad_token_id or 0, "attention_mask": 0, "token_type_ids": 0}
        self.fills = {key: fill for key, fill in fills.items() if key in json.loads(self.lines[0])}

    def __getitem__(self, index: int) -> Row:
        place = self.order[index] if index < len(self.lines) else 0
        row: Row = json.loads(self.lines[place])
        return {**row, "labels": place if index < len(self.lines) else BLANK}

    def collate(self, rows: list[Row]) -> dict[str, torch.Tensor]:
        labels = torch.tensor([row["labels"] for row in rows])
        if not self.fills:
            return {"pixel_values": torch.stack([self.pixel_values(row) for row in rows]), "labels": labels}
        length = max(len(row["input_ids"]) for row in rows)
        texts = {
            key: torch.tensor([row[key] + [fill] * (length - len(row[key])) for row in rows])
            for key, fill in self.fills.items()
        }
        return {**texts, "labels": labels}

    def pixel_values(self, row: Row) -> torch.Tensor:
        """An image's pixel values, (channels, height, width)."""
        if "pixel_values" in row:
            return torch.tensor(row["pixel_values"])
        rgb = np.frombuffer(base64.b64decode(row["pixels"]), np.uint8).reshape(*self.images["size"], 3)
        mean, std = (np.array(self.images[key], np.float32) for key in ("image_mean", "image_std"))
        values = (rgb * self.images["rescale_factor"]).astype(np.float32)
        return torch.from_numpy((values - mean) / std).permute(2, 0, 1).contiguous()

    def loss(self, outputs: Any, labels: torch.Tensor, num_items_in_batch: Any) -> torch.Tensor:
        """The mean of the weighted losses of a step's rows. A row's loss is the cross-entropy of its class, or the mean
        of its labels' binary cross-entropies, or the mean squared error of its predicted values."""
        logits, rows = outputs.logits, labels.clamp(min=0)
        targets = self.targets.to(logits.device)[rows]
        weights = self.weights.to(logits.device)[rows] * (labels != BLANK)
        if self.problem == "single_label_classification":
            losses = cross_entropy(logits, targets.long(), reduction="none", label_smoothing=self.smoothing)
        else:
            each = mse_loss if self.problem == "regression" else binary_cross_entropy_with_logits
            losses = each(logits, targets.view_as(logits), reduction="none").mean(dim=1)
        loss: torch.Tensor = (losses * weights).sum() / num_items_in_batch
        return loss
