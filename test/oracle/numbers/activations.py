"""Records the results of transformers' activations."""

from pathlib import Path
from typing import Any

import torch
from transformers.activations import ACT2FN

from ..places import Json, write_json
from ..versions import versions

ABOUT = "by their names in ACT2FN: torch's class, and values y and gradients dx of numbers x, in float64"
NAMES = (
    "gelu",
    "gelu_accurate",
    "gelu_fast",
    "gelu_new",
    "gelu_python",
    "gelu_python_tanh",
    "gelu_pytorch_tanh",
    "quick_gelu",
    "relu",
    "silu",
    "swish",
)
NUMBERS = (-12.0, -3.5, -1.0, -0.25, 0.0, 0.1, 0.75, 1.5, 4.0, 12.0)


def make_activations(root: Path) -> None:
    rows = [_row(name) for name in NAMES]
    write_json(root / "activations.json", {"about": ABOUT, "versions": versions(), "x": NUMBERS, "rows": rows})


def _row(name: str) -> Json:
    activation: Any = ACT2FN[name]
    x = torch.tensor(NUMBERS, dtype=torch.float64, requires_grad=True)
    y = activation(x)
    (dx,) = torch.autograd.grad(y.sum(), x)
    return {"situation": name, "type": type(activation).__name__, "y": y.tolist(), "dx": dx.tolist()}
