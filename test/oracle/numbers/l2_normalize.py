"""Records the results of torch's F.normalize."""

from pathlib import Path

import torch
from torch.nn import functional

from ..places import Json, write_json
from ..versions import versions

ABOUT = "F.normalize(x, p=2, dim=-1, eps=eps): values y and gradients dx of one row x, for gradients dy, in float64"
DY = (0.5, -2.0, 0.25, 1.0, -0.75)
ROWS = {
    "a row longer than eps": (1e-12, (-3.5, -0.25, 0.0, 0.1, 4.0)),
    "a row as long as eps": (1.0, (0.0, -1.0, 0.0, 0.0, 0.0)),
    "a row shorter than eps": (1.0, (0.2, -0.1, 0.0, 0.3, 0.1)),
    "zeros": (1e-12, (0.0, 0.0, 0.0, 0.0, 0.0)),
}


def make_l2_normalize(root: Path) -> None:
    rows = [_row(situation, eps, numbers) for situation, (eps, numbers) in ROWS.items()]
    write_json(root / "l2_normalize.json", {"about": ABOUT, "versions": versions(), "rows": rows})


def _row(situation: str, eps: float, numbers: tuple[float, ...]) -> Json:
    x = torch.tensor([numbers], dtype=torch.float64, requires_grad=True)
    y = functional.normalize(x, eps=eps)
    (dx,) = torch.autograd.grad(y, x, torch.tensor([DY], dtype=torch.float64))
    return {"situation": situation, "eps": eps, "x": numbers, "dy": DY, "y": y[0].tolist(), "dx": dx[0].tolist()}
