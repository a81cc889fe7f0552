"""Trains a small vision transformer on pictures of many kinds; writes its configs and model.safetensors into OUT.

usage: pretrain.py PACKAGES DRAWN OUT        PACKAGES is what fetch.py filled, DRAWN what render.py wrote

A picture's features, those of the class token, learn two things at once: the names of things, a thousand and more of
some kinds, and descriptors of the picture's looks. Names alone teach features to forget everything else, and unseen
classes may differ in just that.
"""

import json
import math
import os
import sys
import time
from copy import deepcopy
from pathlib import Path

import torch
from batches import COUNTS, SEEN, Batch, Batches
from descriptors import edges, looks
from start import start
from torch import nn
from torch.nn import functional
from transformers import ViTConfig, ViTForImageClassification
from views import SIDE

HIDDEN, LAYERS, HEADS, FFN, PATCH = 192, 4, 6, 512, 7
STEPS, WARM_UP, LEARNING_RATE, LEAST_RATE, WEIGHT_DECAY, SMOOTHING = 1_750, 100, 1e-3, 0.02, 0.05, 0.1
# The weights of the losses at first, and in the last part of the steps. By then the model tells the seven classes of
# clothes apart.
WEIGHTS = {"clothes": 0.5, "drawn": 0.5, "looks": 1.0, "edges": 2.0}
LATE_WEIGHTS = {"clothes": 0.1, "drawn": 0.5, "looks": 2.0, "edges": 4.0}
LATE = 0.63
AVERAGE = 0.997
# The result is the mean of what was learnt by then and of what was learnt in the end: it knows of looks and of names.
EARLY = 0.18
MEASURED, RIDGE = 30, 3.0


def new_model() -> ViTForImageClassification:
    return ViTForImageClassification(
        ViTConfig(
            image_size=SIDE, patch_size=PATCH, num_channels=3, hidden_size=HIDDEN, num_hidden_layers=LAYERS,
            num_attention_heads=HEADS, intermediate_size=FFN, hidden_act="gelu", hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0, layer_norm_eps=1e-6, qkv_bias=True, attn_implementation="eager",
            id2label=dict(enumerate(SEEN)), label2id={name: i for i, name in enumerate(SEEN)},
        )
    )  # fmt: skip


def features(model: ViTForImageClassification, views: torch.Tensor) -> torch.Tensor:
    """(B, 3, 28, 28) -> (B, 192): what the classifier takes in."""
    found: torch.Tensor = model.vit(views).last_hidden_state[:, 0]
    return found


def cross_entropy(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    return functional.cross_entropy(logits, labels, label_smoothing=SMOOTHING)


class Descriptor(nn.Module):
    """A linear map of features to a descriptor, at first of least squares. `found` (N, 192), `wanted` (N, size)."""

    def __init__(self, found: torch.Tensor, wanted: torch.Tensor) -> None:
        super().__init__()
        self.mean = wanted.mean(0)
        self.variance = (wanted - self.mean).square().mean()
        self.map = nn.Linear(HIDDEN, wanted.shape[1])
        middle = found.mean(0)
        products = (found - middle).T @ (found - middle) + RIDGE * torch.eye(HIDDEN)
        weight = torch.linalg.solve(products, (found - middle).T @ (wanted - self.mean)).T
        with torch.no_grad():
            self.map.weight.copy_(weight)
            self.map.bias.copy_(-(weight @ middle))

    def loss(self, found: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
        """The share of the variance that isn't explained."""
        unexplained: torch.Tensor = (self.map(found) - (wanted - self.mean)).square().mean() / self.variance
        return unexplained


class Tasks(nn.Module):
    """What is asked of the features while they are trained. None of it is kept, but the names of clothes."""

    def __init__(self, model: ViTForImageClassification, batches: Batches, samples: list[torch.Tensor]) -> None:
        super().__init__()
        with torch.no_grad():
            found = torch.cat([features(model, sample) for sample in samples])
        self.looks = Descriptor(found, torch.cat([looks(sample) for sample in samples]))
        self.edges = Descriptor(found, torch.cat([edges(sample) for sample in samples]))
        self.names = nn.ModuleDict({kind: nn.Linear(HIDDEN, drawn.names) for kind, drawn in batches.drawings.items()})
        for classifier in (*self.names.values(), model.classifier):
            nn.init.zeros_(classifier.weight)
            nn.init.zeros_(classifier.bias)

    def losses(self, model: ViTForImageClassification, batch: Batch) -> dict[str, torch.Tensor]:
        found = features(model, batch.views).float()
        by_kind = dict(zip(COUNTS, torch.split(found, list(COUNTS.values())), strict=True))
        drawn_count = sum(COUNTS[kind] for kind in self.names)
        drawn = [
            cross_entropy(classifier(by_kind[kind]), batch.labels[kind]) * COUNTS[kind]
            for kind, classifier in self.names.items()
        ]
        clothes = model.classifier(by_kind["clothes"])
        return {
            "clothes": cross_entropy(clothes, batch.labels["clothes"]),
            "drawn": torch.stack(drawn).sum() / drawn_count,
            "looks": self.looks.loss(found, looks(batch.clean)),
            "edges": self.edges.loss(found, edges(batch.clean)),
        }


def new_optimizer(parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
    """Biases, norms, the class token and positions aren't decayed."""
    decayed = [parameter for parameter in parameters if parameter.ndim in (2, 4)]
    others = [parameter for parameter in parameters if parameter.ndim not in (2, 4)]
    groups = [{"params": decayed, "weight_decay": WEIGHT_DECAY}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=LEARNING_RATE, betas=(0.9, 0.98))


def rate(step: int) -> float:
    cosine = 0.5 * (1 + math.cos(math.pi * step / STEPS))
    return min((step + 1) / WARM_UP, 1) * (LEAST_RATE + (1 - LEAST_RATE) * cosine)


def train(batches: Batches) -> ViTForImageClassification:
    """The mean of two averages of weights: those of early steps, and those of the last ones."""
    model = new_model()
    samples = [batches.next().clean for _ in range(MEASURED)]
    start(model, torch.cat(samples))
    tasks = Tasks(model, batches, samples)
    average = new_model()
    average.load_state_dict(model.state_dict())
    parameters = [*model.parameters(), *tasks.parameters()]
    optimizer = new_optimizer(parameters)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, rate)
    started = time.time()
    for step in range(STEPS):
        with torch.autocast("cpu", torch.bfloat16):
            losses = tasks.losses(model, batches.next())
        optimizer.zero_grad()
        weights = WEIGHTS if step < LATE * STEPS else LATE_WEIGHTS
        torch.stack([loss * weights[name] for name, loss in losses.items()]).sum().backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        schedule.step()
        follow(average, model, min(AVERAGE, (step + 2) / (step + 21)))
        if step == int(EARLY * STEPS):
            early = deepcopy(average)
        if step % 100 == 0:
            parts = ", ".join(f"{name} {loss.item():.3f}" for name, loss in losses.items())
            print(f"step {step}/{STEPS}: {parts}, {time.time() - started:.0f} s", flush=True)
    follow(average, early, 0.5)
    return average


@torch.no_grad()
def follow(average: nn.Module, model: nn.Module, kept: float) -> None:
    for mean, value in zip(average.parameters(), model.parameters(), strict=True):
        mean.lerp_(value, 1 - kept)


def write(model: ViTForImageClassification, out: Path) -> None:
    """As transformers writes models, by the names that its hub's checkpoints have. Halves the model's weights."""
    model.half().save_pretrained(out)
    preprocessor = {
        "image_processor_type": "ViTImageProcessor",
        "do_resize": True, "size": {"height": SIDE, "width": SIDE}, "resample": 2,
        "do_rescale": True, "rescale_factor": 1 / 255,
        "do_normalize": True, "image_mean": [0.5] * 3, "image_std": [0.5] * 3,
    }  # fmt: skip
    (out / "preprocessor_config.json").write_text(json.dumps(preprocessor, indent=2) + "\n")


def main(packages: Path, drawn: Path, out: Path) -> None:
    torch.manual_seed(0)
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    model = train(Batches(packages, drawn, seed=0))
    print(f"{sum(p.numel() for p in model.parameters()):,} parameters")
    write(model, out)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))
