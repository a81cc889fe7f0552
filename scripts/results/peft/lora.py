"""Trains LoRA on all linear layers with real PEFT, for comparison with a VeRA that webvera trains on the same text.

Reads settings as JSON from the standard input, and prints measurements as JSON. Blocks of tokens, batches, schedule and
AdamW's settings are the same as in webvera; only the order of the blocks differs, because torch shuffles them.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM

from training import Batch, endless, perplexity, train


@dataclass(frozen=True)
class Settings:
    """A LoRA to train once for each seed, and the texts to measure it on."""

    model: str
    """The folder of the base model."""
    train: str
    texts: dict[str, str]
    """The texts whose perplexity is measured, by name. The results use the same names."""
    r: int
    learning_rate: float
    seeds: int
    """The number of training runs. Their seeds are 0, 1, 2 and so on."""
    max_steps: int
    rows: int
    """Blocks per step."""
    length: int
    """Tokens per block."""


def main() -> None:
    settings = Settings(**json.load(sys.stdin))
    tokenizer = Tokenizer.from_file(str(Path(settings.model) / "tokenizer.json"))
    rows = [row for row in blocks(tokenizer, settings.train, settings.length) if len(row) == settings.length]
    texts = {name: blocks(tokenizer, text, settings.length) for name, text in settings.texts.items()}
    base = load(settings)
    before = {name: perplexity(base, rows) for name, rows in texts.items()}
    runs = [run(settings, rows, texts, seed) for seed in range(settings.seeds)]
    json.dump({"before": before, "runs": runs}, sys.stdout)


def blocks(tokenizer: Tokenizer, text: str, length: int) -> list[list[int]]:
    """Splits a text into blocks that don't overlap. Drops a last block of one token, because it predicts nothing."""
    ids: list[int] = tokenizer.encode(text).ids
    rows = [ids[start : start + length] for start in range(0, len(ids), length)]
    return [row for row in rows if len(row) > 1]


def load(settings: Settings) -> Any:
    return AutoModelForCausalLM.from_pretrained(settings.model, dtype=torch.float32)


def run(settings: Settings, rows: list[list[int]], texts: dict[str, list[list[int]]], seed: int) -> dict[str, Any]:
    torch.manual_seed(seed)
    config = LoraConfig(r=settings.r, lora_alpha=settings.r, target_modules="all-linear", task_type="CAUSAL_LM")
    model = get_peft_model(load(settings), config)
    train(model, batches(rows, settings.rows), settings.max_steps, settings.learning_rate)
    return {
        "perplexity": {name: perplexity(model, rows) for name, rows in texts.items()},
        "trainable": sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad),
        "bytes": bytes_of(model),
    }


def batches(rows: list[list[int]], size: int) -> Iterator[Batch]:
    for batch in endless(rows, size):
        input_ids = torch.tensor(batch)
        yield {"input_ids": input_ids, "labels": input_ids}


def bytes_of(model: Any) -> int:
    """Returns the size of the adapter's file."""
    with TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        return (Path(folder) / "adapter_model.safetensors").stat().st_size


if __name__ == "__main__":
    main()
