"""Descriptions of base models."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..versions import TRANSFORMERS_5


@dataclass(frozen=True)
class Rope:
    theta: float
    scaling: Mapping[str, Any] | None = None
    local_theta: float | None = None
    """The theta of layers with a sliding window, if they have their own."""

    def arguments(self) -> dict[str, Any]:
        """Arguments for the installed transformers: release 5 has one field in place of several in release 4."""
        if self.local_theta is not None:
            if not TRANSFORMERS_5:
                return {"rope_theta": self.theta, "rope_local_base_freq": self.local_theta}
            thetas = {"full_attention": self.theta, "sliding_attention": self.local_theta}
            each = {kind: {"rope_type": "default", "rope_theta": theta} for kind, theta in thetas.items()}
            return {"rope_parameters": each}
        if not TRANSFORMERS_5:
            return {"rope_theta": self.theta, "rope_scaling": self.scaling}
        return {"rope_parameters": {"rope_theta": self.theta, **(self.scaling or {"rope_type": "default"})}}


@dataclass(frozen=True)
class Base:
    architecture: str
    seed: int
    config: Mapping[str, Any]
    rope: Rope | None = None
    committed: bool = False
    dtype: str = "float32"
    """The weights' dtype in the file; everything is computed in float32."""
    max_shard_size: str | None = None
    bare: bool = False
    """Whether names lack `transformer.` and masks are among the tensors, as in GPT-2's public files."""

    def arguments(self) -> dict[str, Any]:
        return {**self.config, **(self.rope.arguments() if self.rope else {})}
