"""The models of a case."""

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import torch

from .adapters import fresh
from .bases import Model, load_base
from .case_spec import Case


class Recipe:
    """Creates a case's models. With another implementation of attention (`other`), they show the effect of rounding."""

    def __init__(self, case: Case, folder: Path) -> None:
        self.case = case
        self.folder = folder
        # transformers' eager attention adds ALiBi twice, so models with ALiBi use SDPA with another kernel instead.
        self._other = "sdpa" if case.alibi else "eager"

    def base(self, *, other: bool = False) -> Model:
        return load_base(self.folder, self._other if other else None)

    def fresh(self, *, other: bool = False, **changes: Any) -> Model:
        """Returns the base model with a new adapter."""
        return fresh(self.folder, {**self.case.config, **changes}, self._other if other else None)

    def otherwise(self) -> AbstractContextManager[object]:
        """Returns a context in which models made with `other` use the other implementation of attention."""
        if self.case.alibi:
            return torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH)
        return nullcontext()
