"""Random views of pictures, from 0 to 1: moved, turned, scaled, mirrored, relit; drawings on random grounds."""

from typing import NamedTuple

import torch
from torch.nn import functional

SIDE = 28


class Motion(NamedTuple):
    """Bounds of an affine map: radians, powers of e (aspect: width by height), a probability, halves of sides."""

    turn: float
    scale: float
    aspect: float
    mirror: float
    shift: float


DRAWN = Motion(turn=0.3, scale=0.28, aspect=0.15, mirror=0.3, shift=0.16)
LETTER = Motion(turn=0.25, scale=0.28, aspect=0.15, mirror=0.0, shift=0.16)
CLOTHES = Motion(turn=0.08, scale=0.12, aspect=0.08, mirror=0.5, shift=0.12)
PHOTO = Motion(turn=0.3, scale=0.3, aspect=0.15, mirror=0.5, shift=0.05)


class Chance:
    """Random numbers for each of B pictures, all from one seed."""

    def __init__(self, seed: int) -> None:
        self.generator = torch.Generator().manual_seed(seed)

    def uniform(self, shape: tuple[int, ...], low: float = 0.0, high: float = 1.0) -> torch.Tensor:
        return low + (high - low) * torch.rand(shape, generator=self.generator)

    def per_picture(self, B: int, low: float, high: float) -> torch.Tensor:
        return self.uniform((B, 1, 1, 1), low, high)

    def happens(self, B: int, probability: float) -> torch.Tensor:
        return self.uniform((B, 1, 1, 1)) < probability

    def pick(self, B: int, count: int) -> torch.Tensor:
        return torch.randint(0, count, (B,), generator=self.generator)

    def order(self, count: int) -> torch.Tensor:
        return torch.randperm(count, generator=self.generator)


def moved(images: torch.Tensor, motion: Motion, chance: Chance) -> torch.Tensor:
    """(B, C, S, S) -> (B, C, 28, 28), with zeros beyond the border."""
    B = len(images)
    turn = chance.uniform((B,), -motion.turn, motion.turn)
    scale = chance.uniform((B,), -motion.scale, motion.scale).exp()
    aspect = chance.uniform((B,), -motion.aspect, motion.aspect).exp()
    mirror = torch.where(chance.uniform((B,)) < motion.mirror, -1.0, 1.0)
    shift = chance.uniform((B, 2), -motion.shift, motion.shift)
    cos, sin = turn.cos() * scale, turn.sin() * scale
    across = torch.stack([cos * aspect * mirror, -sin, shift[:, 0]], 1)
    down = torch.stack([sin * mirror, cos / aspect, shift[:, 1]], 1)
    grid = functional.affine_grid(torch.stack([across, down], 1), [B, 1, SIDE, SIDE], align_corners=False)
    return functional.grid_sample(images, grid, padding_mode="zeros", align_corners=False)


def colours(B: int, chance: Chance) -> torch.Tensor:
    """(B, 3, 1, 1): white, black, greys or any colour."""
    kind, grey, any_colour = chance.uniform((B, 1)), chance.uniform((B, 1)), chance.uniform((B, 3))
    found = torch.where(kind < 0.7, grey.expand(-1, 3), any_colour)
    found = torch.where(kind < 0.55, torch.zeros(3), found)
    return torch.where(kind < 0.3, torch.ones(3), found)[..., None, None]


def grounds(B: int, photos: torch.Tensor, chance: Chance) -> torch.Tensor:
    """(B, 3, 28, 28): a colour, a slope from a darker to a lighter one, or one of the photographs (N, 3, 28, 28)."""
    ground = colours(B, chance)
    slope = chance.happens(B, 0.2) * chance.per_picture(B, -0.25, 0.25)
    ground = (ground + slope * torch.linspace(-1, 1, SIDE)).clamp(0, 1)
    return torch.where(chance.happens(B, 0.12), photos[chance.pick(B, len(photos))], ground)


def on_grounds(drawn: torch.Tensor, photos: torch.Tensor, chance: Chance) -> torch.Tensor:
    """(B, 4, 28, 28), not premultiplied -> (B, 3, 28, 28). Drawings in black get a colour unlike their ground's."""
    B = len(drawn)
    rgb, alpha = drawn[:, :3], drawn[:, 3:]
    ground = grounds(B, photos, chance)
    level = ground.mean((1, 2, 3), keepdim=True)
    ink = colours(B, chance)
    # Ink that is hardly seen becomes black or white.
    is_unseen = (ink.mean(1, keepdim=True) - level).abs() < 0.35
    ink = torch.where(is_unseen, (level < 0.5).float(), ink)
    is_black = (rgb * alpha).mean((1, 2, 3), keepdim=True) < 1e-3
    return torch.where(is_black, ink, rgb) * alpha + ground * (1 - alpha)


def moved_drawings(drawn: torch.Tensor, motion: Motion, chance: Chance) -> torch.Tensor:
    """(B, 4, S, S), not premultiplied -> (B, 4, 28, 28). Colours are interpolated premultiplied."""
    alpha = drawn[:, 3:]
    found = moved(torch.cat([drawn[:, :3] * alpha, alpha], 1), motion, chance)
    return torch.cat([found[:, :3] / found[:, 3:].clamp(1e-3), found[:, 3:]], 1)


def relit(images: torch.Tensor, strength: float, chance: Chance) -> tuple[torch.Tensor, torch.Tensor]:
    """
    Another brightness, contrast and colour; some pictures grey or inverted. Two results (B, 3, 28, 28): some of the
    first are blurred or noisy, those of the second are not.
    """
    B = len(images)
    contrast = chance.per_picture(B, -strength, strength).exp()
    brightness = chance.per_picture(B, -strength / 2, strength / 2)
    gains = 1 + chance.happens(B, 0.5) * chance.uniform((B, 3, 1, 1), -strength / 2, strength / 2)
    images = ((images - 0.5) * contrast + 0.5 + brightness) * gains
    images = torch.where(chance.happens(B, 0.25), images.mean(1, keepdim=True), images)
    clean = torch.where(chance.happens(B, 0.4 * strength), 1 - images, images).clamp(0, 1)
    blurred = functional.avg_pool2d(functional.pad(clean, (1,) * 4, mode="replicate"), 3, 1)
    blur = chance.happens(B, 0.2) * chance.per_picture(B, 0, 1)
    noise = torch.randn(clean.shape, generator=chance.generator)
    noise = chance.happens(B, 0.25) * chance.per_picture(B, 0, 0.08) * noise
    return (clean + blur * (blurred - clean) + noise).clamp(0, 1), clean
