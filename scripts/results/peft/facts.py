"""Teaches facts by VeRA with real PEFT, to language models whose steps take too long on a software GPU adapter.

Reads settings as JSON from the standard input, and prints measurements as JSON. Tokens, adapter, batches, schedule and
AdamW's settings are the same as in webvera; only the order of the examples differs, because torch shuffles them.
"""

import json
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

import torch
from peft import VeraConfig, get_peft_model
from transformers import AutoModelForCausalLM, GenerationConfig

from training import Batch, endless, perplexity, train

NOT_LEARNT = -100
"""The label of a token that the loss ignores."""


class Example(TypedDict):
    input_ids: list[int]
    labels: list[int]


@dataclass(frozen=True)
class Settings:
    model: str
    """The base model: a folder, or a GGUF file."""
    r: int
    learning_rate: float
    examples: list[Example]
    rows: int
    """Examples per step."""
    epochs: int
    prompts: list[list[int]]
    new_tokens: int
    """The maximum number of tokens in an answer."""
    text: list[list[int]]
    """Another text in blocks of tokens, whose perplexity is measured."""


def main() -> None:
    settings = Settings(**json.load(sys.stdin))
    torch.manual_seed(0)
    base = load(Path(settings.model))
    before = perplexity(base, settings.text)
    config = VeraConfig(r=settings.r, target_modules="all-linear", save_projection=False, task_type="CAUSAL_LM")
    model = get_peft_model(base, config)
    steps = settings.epochs * math.ceil(len(settings.examples) / settings.rows)
    train(model, batches(settings.examples, settings.rows), steps, settings.learning_rate)
    after = perplexity(model, settings.text)
    json.dump({"steps": steps, "before": before, "after": after, "answers": answers(model, settings)}, sys.stdout)


def load(path: Path) -> Any:
    if path.suffix == ".gguf":
        return AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32)
    return AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32)


def batches(examples: list[Example], size: int) -> Iterator[Batch]:
    for batch in endless(examples, size):
        length = max(len(example["input_ids"]) for example in batch)
        ids = [filled(example["input_ids"], length, 0) for example in batch]
        labels = [filled(example["labels"], length, NOT_LEARNT) for example in batch]
        mask = [filled([1] * len(example["input_ids"]), length, 0) for example in batch]
        yield {
            "input_ids": torch.tensor(ids),
            "attention_mask": torch.tensor(mask),
            "labels": torch.tensor(labels),
        }


def filled(row: list[int], length: int, value: int) -> list[int]:
    return row + [value] * (length - len(row))


def answers(model: Any, settings: Settings) -> list[list[int]]:
    """Continues the prompts greedily. Pads prompts on the left, and shorter answers with end tokens."""
    model.eval()
    length = max(map(len, settings.prompts))
    ids = torch.tensor([[0] * (length - len(prompt)) + prompt for prompt in settings.prompts])
    mask = torch.tensor([[0] * (length - len(prompt)) + [1] * len(prompt) for prompt in settings.prompts])
    ends = model.generation_config.eos_token_id
    greedy = GenerationConfig(
        max_new_tokens=settings.new_tokens,
        do_sample=False,
        eos_token_id=ends,
        pad_token_id=ends[0] if isinstance(ends, list) else ends,
    )
    made: torch.Tensor = model.generate(input_ids=ids, attention_mask=mask, generation_config=greedy)
    rows: list[list[int]] = made[:, length:].tolist()
    return rows


if __name__ == "__main__":
    main()
