"""What a case is made from."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ..places import Json

WHOLE = ("adapter", "adapter_noproj", "case.json", "tensors.safetensors")


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
    """With `accumulate`: 'mean_of_means' of the batches, or 'token_mean' over the labels of all."""
    contrast: float | None = None
    """The temperature of a supervised contrast of the head's inputs, which takes the place of the model's own loss."""
    start: str = "init"
    """'init', or 'random' for the values of `random.state.*`."""

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
    """Which of its files are in `test/golden/cases`: WHOLE, or some."""
    alibi: bool = False
