"""The classes that describe base models."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..versions import TRANSFORMERS_5


@dataclass(frozen=True)
class Rope:
    theta: float
    scaling: Mapping[str, Any] | None = None
    local_theta: float | None = None
    """RoPE's theta for layers with a sliding window, if it differs from that of the other layers."""

    def arguments(self) -> dict[str, Any]:
        """Returns the arguments for the installed transformers: release 5 has one field where release 4 has several."""
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
    dtype: str = "float32"
    """The data type of the weights in the file. All computations are in float32."""
    max_shard_size: str | None = None
    bare: bool = False
    """Whether names have no prefix `transformer.` and the file contains causal masks, as in GPT-2's public files."""

    image_processor: Mapping[str, Any] | None = None
    """The contents of preprocessor_config.json. Without them, the folder has no such file."""

    def arguments(self) -> dict[str, Any]:
        return {**self.config, **(self.rope.arguments() if self.rope else {})}
