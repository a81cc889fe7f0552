"""Trains a LoRA of all linear layers with real PEFT, for comparison with a VeRA that webvera trains on the same text.

Reads settings as JSON from the standard input, and prints measurements as JSON. Blocks of tokens, batches, schedule and
AdamW are webvera's; the order of the blocks is torch's.
"""

import json
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM, get_scheduler

WARM_UP = 0.06
"""The part of all steps in which the rate grows: webvera's `warmup_ratio`."""
LARGEST_NORM = 1.0
"""webvera's `max_grad_norm`."""


@dataclass(frozen=True)
class Settings:
    """A LoRA to train, some times, and texts to measure it on, whose names are keys of the results."""

    model: str
    """The folder of the base model."""
    train: str
    texts: dict[str, str]
    """The texts to measure the perplexity of."""
    r: int
    learning_rate: float
    seeds: int
    """Runs, whose seeds count from 0."""
    max_steps: int
    rows: int
    """Blocks of a step."""
    length: int
    """Tokens of a block."""


def main() -> None:
    settings = Settings(**json.load(sys.stdin))
    tokenizer = Tokenizer.from_file(str(Path(settings.model) / "tokenizer.json"))
    train = [row for row in blocks(tokenizer, settings.train, settings.length) if len(row) == settings.length]
    texts = {name: blocks(tokenizer, text, settings.length) for name, text in settings.texts.items()}
    base = load(settings)
    before = {name: perplexity(base, rows) for name, rows in texts.items()}
    runs = [run(settings, train, texts, seed) for seed in range(settings.seeds)]
    json.dump({"before": before, "runs": runs}, sys.stdout)


def blocks(tokenizer: Tokenizer, text: str, length: int) -> list[list[int]]:
    """One text as blocks that don't overlap; a last block of one token predicts nothing."""
    ids: list[int] = tokenizer.encode(text).ids
    rows = [ids[start : start + length] for start in range(0, len(ids), length)]
    return [row for row in rows if len(row) > 1]


def load(settings: Settings) -> Any:
    return AutoModelForCausalLM.from_pretrained(settings.model, dtype=torch.float32)


def run(settings: Settings, train: list[list[int]], texts: dict[str, list[list[int]]], seed: int) -> dict[str, Any]:
    torch.manual_seed(seed)
    config = LoraConfig(r=settings.r, lora_alpha=settings.r, target_modules="all-linear", task_type="CAUSAL_LM")
    model = get_peft_model(load(settings), config)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=settings.learning_rate, weight_decay=0.0)
    warm_up = math.ceil(WARM_UP * settings.max_steps)
    scheduler = get_scheduler("linear", optimizer, warm_up, settings.max_steps)
    batches = endless(train, settings.rows)
    model.train()
    for _ in range(settings.max_steps):
        input_ids = torch.tensor(next(batches))
        optimizer.zero_grad()
        model(input_ids=input_ids, labels=input_ids).loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, LARGEST_NORM)
        optimizer.step()
        scheduler.step()
    return {
        "perplexity": {name: perplexity(model, rows) for name, rows in texts.items()},
        "trainable": sum(parameter.numel() for parameter in trained),
        "bytes": bytes_of(model),
    }


def endless(rows: list[list[int]], size: int) -> Iterator[list[list[int]]]:
    """Batches of all rows, in another order each time; a last batch of fewer rows counts too."""
    while True:
        order = torch.randperm(len(rows)).tolist()
        for start in range(0, len(order), size):
            yield [rows[index] for index in order[start : start + size]]


def perplexity(model: Any, rows: list[list[int]]) -> float:
    model.eval()
    loss, predictions = 0.0, 0
    with torch.no_grad():
        for row in rows:
            input_ids = torch.tensor([row])
            loss += model(input_ids=input_ids, labels=input_ids).loss.item() * (len(row) - 1)
            predictions += len(row) - 1
    return math.exp(loss / predictions)


def bytes_of(model: Any) -> int:
    """The size of the adapter's file."""
    with TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        return (Path(folder) / "adapter_model.safetensors").stat().st_size


if __name__ == "__main__":
    main()
