"""Records the vectors of images that CLIPModel and SiglipModel make with the towers of the base models."""

from pathlib import Path

import torch
from safetensors.torch import load_file
from transformers import CLIPModel, SiglipModel

from ..places import GOLDEN, Json, write_json
from ..versions import versions

ABOUT = (
    "get_image_features of the images in clip_mid: `features` with a `projection` (32 columns), or without one. "
    "`pooled` is the vector before the projection, pooler_output of CLIPVisionModel; in seven digits"
)
WIDTH, SEED = 12, 1
IMAGES, PIXELS = "clip_mid", "input.0.pixel_values"


def make_image_features(root: Path) -> None:
    pixels = load_file(GOLDEN / "cases" / IMAGES / "tensors.safetensors")[PIXELS]
    torch.manual_seed(SEED)
    clip = CLIPModel.from_pretrained(GOLDEN / "base" / "clip", projection_dim=WIDTH).eval()
    siglip = SiglipModel.from_pretrained(GOLDEN / "base" / "siglip").eval()
    with torch.no_grad():
        rows = [
            {
                "base": "clip",
                "projection": clip.visual_projection.weight.flatten().tolist(),
                "features": _digits(clip.get_image_features(pixels).pooler_output),
                "pooled": _digits(clip.vision_model(pixels).pooler_output),
            },
            {"base": "siglip", "features": _digits(siglip.get_image_features(pixels).pooler_output)},
        ]
    write_json(root / "image_features.json", {"about": ABOUT, "versions": versions(), "rows": rows})


def _digits(vectors: torch.Tensor) -> Json:
    return [[float(f"{number:.7g}") for number in vector] for vector in vectors.tolist()]
