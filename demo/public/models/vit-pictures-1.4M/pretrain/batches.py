"""Batches of views of all kinds of pictures, with their labels."""

import gzip
import math
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from views import CLOTHES, DRAWN, LETTER, PHOTO, SIDE, Chance, moved, moved_drawings, on_grounds, relit

CLASSES = [
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
    "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
]  # fmt: skip
# Three that look alike, on which the model is measured: it sees none of their pictures.
HELD_BACK = ["Pullover", "Coat", "Shirt"]
SEEN = [name for name in CLASSES if name not in HELD_BACK]
DRAWN_KINDS = ["letter", "emoji", "icon", "clip art"]
# How many pictures of each kind a batch has, in its order.
COUNTS = {"clothes": 26, "letter": 10, "emoji": 16, "icon": 14, "clip art": 7, "photo": 7}
GROUNDS = 24


def read_idx(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    """The bytes of a gzipped idx file of that shape. Its header is four bytes of type, and a u32 for each dimension."""
    content = gzip.decompress(path.read_bytes())
    header = 4 + 4 * len(shape)
    found = np.frombuffer(content[4:header], ">u4")
    is_whole = len(content) == header + math.prod(shape)
    if content[:4] != bytes([0, 0, 8, len(shape)]) or tuple(found) != shape or not is_whole:
        raise ValueError(f"{path} isn't of shape {shape}, but {tuple(found)}")
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)


def read_clothes(packages: Path, prefix: str, count: int, names: list[str]) -> tuple[torch.Tensor, torch.Tensor]:
    """Pictures (N, 28, 28) of the named classes, in bytes, and their places (N) in `names`."""
    folder = packages / "dataset-fashion-mnist/usr/share/datasets/fashion-mnist"
    images = read_idx(folder / f"{prefix}-images-idx3-ubyte.gz", (count, SIDE, SIDE))
    labels = read_idx(folder / f"{prefix}-labels-idx1-ubyte.gz", (count,))
    places = np.array([names.index(name) if name in names else -1 for name in CLASSES])[labels]
    return torch.from_numpy(images[places >= 0].copy()), torch.from_numpy(places[places >= 0])


class Drawings(NamedTuple):
    pixels: torch.Tensor  # (N, 40, 40, 4) in bytes
    labels: torch.Tensor  # (N) from 0 to names - 1
    names: int


class Batch(NamedTuple):
    views: torch.Tensor  # (80, 3, 28, 28) from -1 to 1, in the order of COUNTS
    clean: torch.Tensor  # the same without blur and noise
    labels: dict[str, torch.Tensor]


def read_drawings(path: Path) -> dict[str, Drawings]:
    file = np.load(path)
    kinds, labels, pixels = file["kinds"], file["labels"], file["pixels"]
    found = {}
    for kind in DRAWN_KINDS:
        names, places = np.unique(labels[kinds == kind], return_inverse=True)
        found[kind] = Drawings(torch.from_numpy(pixels[kinds == kind]), torch.from_numpy(places), len(names))
    return found


class Batches:
    """Goes through each kind's pictures in a random order, again and again."""

    def __init__(self, packages: Path, drawn: Path, seed: int) -> None:
        self.chance = Chance(seed)
        self.clothes, self.clothes_labels = read_clothes(packages, "train", 60_000, SEEN)
        self.drawings = read_drawings(drawn / "drawn.npz")
        self.photos = torch.from_numpy(np.load(drawn / "photos.npy"))
        self.orders = {kind: torch.empty(0, dtype=torch.long) for kind in COUNTS}

    def next_rows(self, kind: str, count: int) -> torch.Tensor:
        if len(self.orders[kind]) < COUNTS[kind]:
            self.orders[kind] = torch.cat([self.orders[kind], self.chance.order(count)])
        order, self.orders[kind] = self.orders[kind], self.orders[kind][COUNTS[kind] :]
        return order[: COUNTS[kind]]

    def next(self) -> Batch:
        chance = self.chance
        rows = self.next_rows("clothes", len(self.clothes))
        labels = {"clothes": self.clothes_labels[rows]}
        clothes = moved(self.clothes[rows][:, None].float() / 255, CLOTHES, chance).expand(-1, 3, -1, -1)
        drawn = []
        for kind, (pixels, names, _) in self.drawings.items():
            rows = self.next_rows(kind, len(pixels))
            labels[kind] = names[rows]
            motion = LETTER if kind == "letter" else DRAWN
            drawn.append(moved_drawings(pixels[rows].permute(0, 3, 1, 2).float() / 255, motion, chance))
        grounds = self.photo_views(chance.pick(GROUNDS, len(self.photos)))
        photos = self.photo_views(self.next_rows("photo", len(self.photos)))
        parts = [
            relit(clothes, 0.25, chance),
            relit(on_grounds(torch.cat(drawn), grounds, chance), 0.4, chance),
            relit(photos, 0.4, chance),
        ]
        views, clean = (torch.cat(part) * 2 - 1 for part in zip(*parts, strict=True))
        return Batch(views, clean, labels)

    def photo_views(self, rows: torch.Tensor) -> torch.Tensor:
        return moved(self.photos[rows].float() / 255, PHOTO, self.chance)
