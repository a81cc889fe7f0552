"""The classes that describe cases."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ..places import Json


@dataclass(frozen=True)
class Training:
    """The options of a training run of ten steps with AdamW."""

    id: str
    lr: float
    weight_decay: float = 0.0
    max_grad_norm: float | None = None
    warmup_steps: int | None = None
    accumulate: int | None = None
    normalise: str | None = None
    """How the losses of accumulated batches are averaged: 'mean_of_means', or 'token_mean' over all labels."""
    contrast: float | None = None
    """The temperature of a supervised contrastive loss of the head's inputs, which replaces the model's own loss."""
    start: str = "init"
    """The values at the start: 'init' for a new adapter's, 'random' for the tensors `random.state.*`."""

    def as_json(self) -> Json:
        return {name: value for name, value in asdict(self).items() if value is not None}


@dataclass(frozen=True)
class Case:
    base: str
    seed: int
    about: str
    config: Mapping[str, Any]
    inputs: str = "text"
    training: tuple[Training, ...] = ()
    alibi: bool = False
