"""Records the tables of positions that DINOv2, with and without registers, makes for images of another size."""

from pathlib import Path

import torch
from transformers import Dinov2Config, Dinov2WithRegistersConfig
from transformers.models.dinov2.modeling_dinov2 import Dinov2Embeddings
from transformers.models.dinov2_with_registers.modeling_dinov2_with_registers import Dinov2WithRegistersEmbeddings

from ..places import Json, write_json
from ..versions import versions

ABOUT = (
    "interpolate_pos_encoding of Dinov2Embeddings, or of Dinov2WithRegistersEmbeddings (antialias): the positions of "
    "images of `to` patches an edge by a `table` for `from` patches an edge, both after the first token's; one feature"
)
KINDS = {
    False: (Dinov2Embeddings, Dinov2Config),
    True: (Dinov2WithRegistersEmbeddings, Dinov2WithRegistersConfig),
}
SIZES = [(7, 4), (9, 2), (4, 7), (5, 6), (3, 1), (1, 3), (16, 15)]


def make_positions(root: Path) -> None:
    rows = [_row(antialias, before, after) for antialias in KINDS for before, after in SIZES]
    write_json(root / "positions.json", {"about": ABOUT, "versions": versions(), "rows": rows})


def _row(antialias: bool, before: int, after: int) -> Json:
    make, configure = KINDS[antialias]
    embeddings = make(configure(hidden_size=1, num_attention_heads=1, image_size=before, patch_size=1))
    table = torch.randn(1, before**2 + 1, 1, generator=torch.Generator().manual_seed(before))
    embeddings.position_embeddings.data = table
    with torch.no_grad():
        made = embeddings.interpolate_pos_encoding(torch.zeros(1, after**2 + 1, 1), after, after)
    situation = f"{before} to {after}{', antialiased' if antialias else ''}"
    numbers = {"table": table.flatten().tolist(), "positions": made.flatten().tolist()}
    return {"situation": situation, "antialias": antialias, "from": before, "to": after, **numbers}
