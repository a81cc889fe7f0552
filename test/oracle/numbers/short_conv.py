"""Records the results of transformers' Lfm2ShortConv, whose linear layers are left out."""

from pathlib import Path

import torch
from torch.nn import Identity
from transformers import Lfm2Config
from transformers.models.lfm2.modeling_lfm2 import Lfm2ShortConv

from ..places import Json, write_json
from ..versions import versions

ABOUT = (
    "Lfm2ShortConv without in_proj and out_proj, in float64: y (B·T, C) of bcx (B·T, 3·C), weight (K, C) and mask "
    "(B, T), and the gradients dbcx and dweight for the gradient dy of y"
)
SEED = 60134
WIDTH = 2
ROWS = {
    "two texts, padded right and left": (3, [[1, 1, 1, 1, 0], [0, 0, 1, 1, 1]]),
    "a text shorter than the kernel": (4, [[1, 1]]),
}


def make_short_conv(root: Path) -> None:
    rows = [_row(situation, kernel, mask) for situation, (kernel, mask) in ROWS.items()]
    write_json(root / "short_conv.json", {"about": ABOUT, "versions": versions(), "rows": rows})


def _row(situation: str, kernel: int, mask: list[list[int]]) -> Json:
    config = Lfm2Config(hidden_size=WIDTH, conv_L_cache=kernel, num_hidden_layers=1, full_attn_idxs=[])
    layer = Lfm2ShortConv(config, 0).double()
    layer.in_proj, layer.out_proj = Identity(), Identity()
    generator = torch.Generator().manual_seed(SEED)

    def draw(*shape: int) -> torch.Tensor:
        return torch.randn(shape, dtype=torch.float64, generator=generator)

    layer.conv.weight.data = draw(WIDTH, 1, kernel)
    bcx = draw(len(mask), len(mask[0]), 3 * WIDTH).requires_grad_()
    y = layer(bcx, attention_mask=torch.tensor(mask))
    dy = draw(*y.shape)
    dbcx, dweight = torch.autograd.grad(y, (bcx, layer.conv.weight), dy)
    tokens = {"bcx": bcx, "y": y, "dy": dy, "dbcx": dbcx}
    kernels = {"weight": layer.conv.weight, "dweight": dweight}
    return {
        "situation": situation,
        "mask": mask,
        **{name: value.flatten(0, 1).tolist() for name, value in tokens.items()},
        **{name: value[:, 0].T.tolist() for name, value in kernels.items()},
    }
