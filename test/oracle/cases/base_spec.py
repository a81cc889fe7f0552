"""What a base model is made from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..versions import TRANSFORMERS_5


@dataclass(frozen=True)
class Rope:
    theta: float
    scaling: Mapping[str, Any] | None = None
    local_theta: float | None = None
    """Of the layers with a sliding window, where these have their own."""

    def arguments(self) -> dict[str, Any]:
        """In the form that the transformers at hand takes: 5 has one field for what 4 has several for."""
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
    """Of the weights in the file; everything computes in float32."""
    max_shard_size: str | None = None
    bare: bool = False
    """Names without `transformer.`, and masks among the tensors, as in GPT-2's public files."""

    def arguments(self) -> dict[str, Any]:
        return {**self.config, **(self.rope.arguments() if self.rope else {})}
