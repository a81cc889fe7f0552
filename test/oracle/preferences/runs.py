"""Runs ten steps of a TRL preference trainer, with PEFT's VeRA on a small base model."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from peft import VeraConfig

from ..cases.adapters import State, largest_difference, quietly, randomise, state_of
from ..cases.bases import load_base
from ..places import Json

MAX_LENGTH = 24
STEPS = 10
RANK = 4
SEED = 90
MARGIN = 5
"""A tolerance is this many times the difference between transformers' default attention and eager attention."""
LOGS_FLOOR, FINAL_FLOOR = 2e-4, 1e-4
"""The smallest tolerances of the logs and of the trained values. They allow for float32 rounding."""

Trainer = Any
"""A TRL trainer that collects the losses of its micro-batches in `losses`, before they are rounded for the logs."""
MakeTrainer = Callable[["Run", Path, Any], Trainer]
"""Makes the trainer from the run, a folder to write to, and a base model."""


@dataclass(frozen=True)
class Run:
    base: str
    targets: tuple[str, ...]
    own: dict[str, Json] = field(default_factory=dict)
    """The trainer's own arguments."""
    batch: int = 3
    accumulate: int = 1
    lr: float = 0.02

    def shared(self) -> dict[str, Json]:
        return {
            "per_device_train_batch_size": self.batch,
            "gradient_accumulation_steps": self.accumulate,
            "learning_rate": self.lr,
            "max_grad_norm": 1.0,
            "max_steps": STEPS,
        }

    def arguments(self, folder: Path) -> dict[str, Any]:
        return {
            "output_dir": str(folder),
            **self.shared(),
            "max_length": MAX_LENGTH,
            "lr_scheduler_type": "linear",
            "train_sampling_strategy": "sequential",
            "logging_steps": 1,
            "save_strategy": "no",
            "report_to": [],
            "bf16": False,
            "gradient_checkpointing": False,
            "use_cpu": True,
            "disable_tqdm": True,
            "dataloader_pin_memory": False,
        }

    def adapter(self) -> VeraConfig:
        return VeraConfig(r=RANK, target_modules=list(self.targets), task_type="CAUSAL_LM")


LLAMA, QWEN2, GPT2 = ("q_proj", "v_proj", "down_proj"), ("q_proj", "v_proj"), ("c_attn",)


def make_row(root: Path, run: Run, folder: Path, make: MakeTrainer) -> Json:
    """Trains twice, with default and with eager attention. Returns the first results, and tolerances from both."""
    start, logps, logs, final = _train(prepared(root, run, folder, make))
    _, _, other_logs, other_final = _train(prepared(root, run, folder, make, "eager"))
    moved = max(largest_difference(final[name], other_final[name]) for name in final)
    apart = max(
        abs(value - other[name]) / max(1, abs(value))
        for log, other in zip(logs, other_logs, strict=True)
        for name, value in log.items()
    )
    return {
        "base": run.base,
        "config": {"r": RANK, "target_modules": list(run.targets)},
        "args": {**run.own, **run.shared()},
        "start": _lists(start),
        "logps": logps,
        "logs": logs,
        "final": _lists(final),
        "tolerance": {
            "logs_relative": _rounded(max(LOGS_FLOOR, MARGIN * apart)),
            "final": _rounded(max(FINAL_FLOOR, MARGIN * moved)),
        },
    }


def prepared(root: Path, run: Run, folder: Path, make: MakeTrainer, attention: str | None = None) -> Trainer:
    """Returns the trainer before its first step. Its vectors are random, so the adapter changes the model's outputs."""
    with quietly():
        torch.manual_seed(0)
        trainer = make(run, folder, load_base(root / "base" / run.base, attention))
    trainer.losses = []
    randomise(trainer.model, SEED)
    return trainer


def recording(trainer: type[Any]) -> type[Any]:
    """Returns a subclass of the trainer that records its losses."""

    class Recorder(trainer):  # type: ignore[misc]
        def compute_loss(self, *args: Any, **named: Any) -> torch.Tensor:
            loss: torch.Tensor = super().compute_loss(*args, **named)
            self.losses.append(loss.item())
            return loss

    return Recorder


def _train(trainer: Trainer) -> tuple[State, Json, list[Json], State]:
    start = state_of(trainer.model)
    logps = _logps(trainer)
    trainer.train()
    steps = [log for log in trainer.state.log_history if "grad_norm" in log]
    # A step's loss is the mean over its micro-batches.
    parts = len(trainer.losses) // STEPS
    losses = [sum(trainer.losses[step * parts : (step + 1) * parts]) / parts for step in range(STEPS)]
    logs = [
        {"loss": loss, "grad_norm": log["grad_norm"], **{name: log[name] for name in log if _is_metric(name)}}
        for loss, log in zip(losses, steps, strict=True)
    ]
    return start, logps, logs, state_of(trainer.model)


def _is_metric(name: str) -> bool:
    return name == "kl" or name.startswith(("rewards/", "logps/"))


@torch.no_grad()
def _logps(trainer: Trainer) -> Json:
    """Returns the sequences' log probabilities with the adapter and with the base model, in the collator's order."""
    rows: Sequence[Any] = trainer.train_dataset
    batch = trainer.data_collator([rows[index] for index in range(len(rows))])
    labels = batch["input_ids"].masked_fill(batch["completion_mask"] == 0, -100)
    inputs = {name: batch[name] for name in ("input_ids", "attention_mask")}

    def logps() -> list[float]:
        output = trainer.model(**inputs, labels=labels, fused_lm_head=True)
        values: list[float] = output.log_probs.sum(dim=1).tolist()
        return values

    policy = logps()
    with quietly(), trainer.model.disable_adapter():
        return {"policy": policy, "reference": logps()}


def _lists(state: State) -> Json:
    return {name: [float(f"{number:.9g}") for number in value.flatten().tolist()] for name, value in state.items()}


def _rounded(value: float) -> float:
    return float(f"{value:.2g}")
