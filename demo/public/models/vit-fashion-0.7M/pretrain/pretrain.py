"""Trains a small vision transformer on seven of Fashion-MNIST's ten classes; writes config.json, model.safetensors and
preprocessor_config.json into OUT, and prints its accuracy on the seven classes' test images.

usage: pretrain.py FASHION_MNIST OUT        FASHION_MNIST holds the data set's four .gz files
"""

import gzip
import json
import math
import os
import sys
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from transformers import ViTConfig, ViTForImageClassification

CLASSES = [
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
    "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
]  # fmt: skip
# Three that look alike. What tells the other seven apart needn't tell these apart.
HELD_BACK = ["Pullover", "Coat", "Shirt"]
SEEN = [name for name in CLASSES if name not in HELD_BACK]
SIDE, MEAN, STD = 28, 0.5, 0.5
B, EPOCHS, LEARNING_RATE, WARM_UP, SHIFT = 64, 5, 1e-3, 200, 2


def read_idx(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    """The bytes of a gzipped idx file of that shape. Its header is four bytes of type, and a u32 for each dimension."""
    content = gzip.decompress(path.read_bytes())
    header = 4 + 4 * len(shape)
    found = np.frombuffer(content[4:header], ">u4")
    is_whole = len(content) == header + math.prod(shape)
    if content[:4] != bytes([0, 0, 8, len(shape)]) or tuple(found) != shape or not is_whole:
        raise ValueError(f"{path} isn't of shape {shape}, but {tuple(found)}")
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)


def read_split(folder: Path, prefix: str, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Images (N, 28, 28) of the seven classes, in bytes, and their labels (N) from 0 to 6."""
    images = read_idx(folder / f"{prefix}-images-idx3-ubyte.gz", (count, SIDE, SIDE))
    labels = read_idx(folder / f"{prefix}-labels-idx1-ubyte.gz", (count,))
    kept = np.isin(labels, [CLASSES.index(name) for name in SEEN])
    renumbered = np.array([SEEN.index(name) if name in SEEN else -1 for name in CLASSES])
    return torch.from_numpy(images[kept].copy()), torch.from_numpy(renumbered[labels[kept]])


def pixel_values(images: torch.Tensor) -> torch.Tensor:
    """(B, 28, 28) bytes -> (B, 3, 28, 28): grey in each channel."""
    values = (images.float() / 255 - MEAN) / STD
    return values[:, None].expand(-1, 3, -1, -1)


def augment(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Each image moved by up to two pixels both ways, over black, and mirrored half of the time."""
    N = len(images)
    padded = F.pad(images, (SHIFT,) * 4)
    down, right = torch.randint(0, 2 * SHIFT + 1, (2, N, 1), generator=generator)
    columns = right + torch.arange(SIDE)
    mirrored = torch.rand((N, 1), generator=generator) < 0.5
    columns = torch.where(mirrored, columns.flip(1), columns)
    rows = down + torch.arange(SIDE)
    return padded[torch.arange(N)[:, None, None], rows[:, :, None], columns[:, None, :]]


def new_model() -> ViTForImageClassification:
    return ViTForImageClassification(
        ViTConfig(
            image_size=SIDE, patch_size=4, num_channels=3, hidden_size=96, num_hidden_layers=6, num_attention_heads=3,
            intermediate_size=384, hidden_act="gelu", hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
            layer_norm_eps=1e-6, qkv_bias=True,
            id2label=dict(enumerate(SEEN)), label2id={name: i for i, name in enumerate(SEEN)},
        )
    )  # fmt: skip


def train(model: ViTForImageClassification, images: torch.Tensor, labels: torch.Tensor, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    # Biases, norms, the class token and positions aren't decayed.
    decays, others = [], []
    for parameter in model.parameters():
        (decays if parameter.ndim in (2, 4) else others).append(parameter)
    groups = [{"params": decays, "weight_decay": 0.05}, {"params": others, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=LEARNING_RATE, betas=(0.9, 0.98))
    per_epoch = len(images) // B
    steps = EPOCHS * per_epoch

    def rate(step: int) -> float:
        return min((step + 1) / WARM_UP, 0.5 * (1 + math.cos(math.pi * step / steps)))

    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, rate)
    started, average = time.time(), math.log(len(SEEN))
    for epoch in range(EPOCHS):
        order = torch.randperm(len(images), generator=generator)
        for i in range(per_epoch):
            rows = order[i * B : (i + 1) * B]
            logits = model(pixel_values(augment(images[rows], generator))).logits
            loss = F.cross_entropy(logits, labels[rows], label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            average += 0.01 * (loss.item() - average)
            if i % 100 == 0:
                took = time.time() - started
                print(f"epoch {epoch} step {i}/{per_epoch} loss {average:.3f} {took:.0f} s", flush=True)


@torch.no_grad()
def accuracy(model: ViTForImageClassification, images: torch.Tensor, labels: torch.Tensor) -> float:
    model.eval()
    found = torch.cat([model(pixel_values(part)).logits.argmax(1) for part in images.split(500)])
    return (found == labels).float().mean().item()


def write(model: ViTForImageClassification, out: Path) -> None:
    """As transformers writes models, by the names that its hub's checkpoints have. Halves the model's weights."""
    model.half().save_pretrained(out)
    preprocessor = {
        "image_processor_type": "ViTImageProcessor",
        "do_resize": True, "size": {"height": SIDE, "width": SIDE}, "resample": 2,
        "do_rescale": True, "rescale_factor": 1 / 255,
        "do_normalize": True, "image_mean": [MEAN] * 3, "image_std": [STD] * 3,
    }  # fmt: skip
    (out / "preprocessor_config.json").write_text(json.dumps(preprocessor, indent=2) + "\n")


def main(folder: Path, out: Path) -> None:
    torch.manual_seed(0)
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    model = new_model()
    print(f"{sum(p.numel() for p in model.parameters()):,} parameters")
    train(model, *read_split(folder, "train", 60_000), seed=0)
    test = read_split(folder, "t10k", 10_000)
    print(f"accuracy on {len(test[0])} test images: {accuracy(model, *test):.4f} in float32")
    write(model, out)
    written = ViTForImageClassification.from_pretrained(out, dtype=torch.float32)
    print(f"accuracy of what was written: {accuracy(written, *test):.4f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
