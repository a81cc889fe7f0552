"""Descriptions of cases."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ..places import Json

WHOLE = ("adapter", "adapter_noproj", "case.json", "tensors.safetensors")
OF_OTHER_KINDS = ("adapter", "case.json", "tensors.safetensors")
"""Only VeRA has files without frozen matrices."""


@dataclass(frozen=True)
class Training:
    """Ten steps of AdamW."""

    id: str
    lr: float
    weight_decay: float = 0.0
    max_grad_norm: float | None = None
    warmup_steps: int | None = None
    accumulate: int | None = None
    normalise: str | None = None
    """The loss of accumulated batches: 'mean_of_means', or 'token_mean' over the labels of all batches."""
    contrast: float | None = None
    """The temperature of a supervised contrast of the head's inputs, which replaces the model's own loss."""
    start: str = "init"
    """The first values: 'init', or 'random' for `random.state.*`."""

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
    committed: tuple[str, ...] = ()
    """The files in `test/golden/cases`: WHOLE, or some of them."""
    alibi: bool = False
