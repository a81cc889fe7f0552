"""Descriptors of pictures that need no training: brightness and colours by place, and directions of edges by place."""

import math

import torch
from torch.nn import functional

DIRECTIONS, CELL = 8, 4
# Contrast below which edges fade, in a picture of values from -1 to 1.
FAINT = 0.1


def looks(images: torch.Tensor) -> torch.Tensor:
    """(B, 3, 28, 28) -> (B, 343): brightness at 14×14 places, then red, green and blue at 7×7 places."""
    grey = images.mean(1, keepdim=True)
    return torch.cat([functional.avg_pool2d(grey, 2).flatten(1), functional.avg_pool2d(images, CELL).flatten(1)], 1)


def edges(images: torch.Tensor) -> torch.Tensor:
    """(B, 3, 28, 28) -> (B, 392): histograms of the directions of gradients at 7×7 places, by the contrast around."""
    grey = images.mean(1)
    across = functional.pad(grey[:, :, 2:] - grey[:, :, :-2], (1, 1))
    down = functional.pad(grey[:, 2:] - grey[:, :-2], (0, 0, 1, 1))
    size = (across.square() + down.square() + 1e-12).sqrt()
    direction = torch.atan2(down, across) % math.pi / math.pi * DIRECTIONS
    half = DIRECTIONS // 2
    apart = [((direction - i + half) % DIRECTIONS - half).abs() for i in range(DIRECTIONS)]
    histogram = functional.avg_pool2d(torch.stack([(1 - d).clamp(0) * size for d in apart], 1), CELL)
    contrast = functional.avg_pool2d(histogram.square().sum(1, keepdim=True), 3, 1, 1).sqrt()
    return (histogram / (contrast + FAINT)).flatten(1)
