"""Runs that learn from pairs or ratings of texts, with TRL's trainers. As in the browser, the base model is the
reference."""

from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from peft import PeftConfig
from transformers import AutoTokenizer
from trl.trainer.dpo_config import DPOConfig
from trl.trainer.dpo_trainer import DataCollatorForPreference, DPOTrainer
from trl.trainer.kto_config import KTOConfig
from trl.trainer.kto_trainer import DataCollatorForUnpairedPreference, KTOTrainer

from data import Rows

CONFIGS = {"dpo": DPOConfig, "kto": KTOConfig}
# The token that pads shorter texts. The model doesn't attend to it.
PAD = 0


def preference_arguments(preference: dict[str, Any], shared: dict[str, Any]) -> Any:
    """The run's arguments for TRL, without a `max_length`: the texts are truncated already."""
    own = {name: value for name, value in preference.items() if name != "kind"}
    switched = {"gradient_checkpointing": False, "bf16": False, "max_length": None}
    return CONFIGS[preference["kind"]](**{**switched, **shared, **own})


def preference_trainer(base: Any, name: str, args: Any, run: dict[str, Any], here: Path) -> Any:
    """The trainer, with a new adapter on the base model. Resuming replaces the adapter's weights by the
    checkpoint's."""
    adapter = PeftConfig.from_pretrained(here / run["checkpoint"])
    adapter.inference_mode = False
    kind = run["preference"]["kind"]
    trainer = Pairs if kind == "dpo" else Ratings
    collator = DataCollatorForPreference if kind == "dpo" else DataCollatorForUnpairedPreference
    rows = Rows(here / "train.jsonl", 1, run["shuffle"], run["seed"])
    made: Any = trainer(
        model=base,
        args=args,
        train_dataset=Dataset.from_list([rows[0]]),  # TRL takes no other class
        data_collator=collator(pad_token_id=PAD),
        processing_class=AutoTokenizer.from_pretrained(name),
        peft_config=adapter,
    )
    made.train_dataset = rows
    return made


class Pairs(DPOTrainer):
    """DPO on pairs. A step's loss is the mean over its pairs, however many micro-batches share them."""

    loss_is_scaled_for_ga = True

    def _prepare_dataset(self, dataset: Any, *_: Any) -> Any:
        return dataset

    def get_batch_samples(self, *asked: Any) -> tuple[list[Any], int]:
        batches, _ = super().get_batch_samples(*asked)
        return batches, sum(len(batch["input_ids"]) // 2 for batch in batches)

    def compute_loss(
        self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> torch.Tensor:
        loss: torch.Tensor = super().compute_loss(model, inputs)
        share: float = len(inputs["input_ids"]) // 2 / num_items_in_batch
        return loss * share


class Ratings(KTOTrainer):
    """KTO on rated texts. A step's loss is the mean over its texts, as for `Pairs`."""

    loss_is_scaled_for_ga = True

    def _prepare_dataset(self, dataset: Any, *_: Any) -> Any:
        return dataset

    def get_batch_samples(self, *asked: Any) -> tuple[list[Any], int]:
        batches, _ = super().get_batch_samples(*asked)
        return batches, sum(len(batch["label"]) for batch in batches)

    def compute_loss(
        self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> torch.Tensor:
        loss: torch.Tensor = super().compute_loss(model, inputs)
        share: float = len(inputs["label"]) / num_items_in_batch
        return loss * share
