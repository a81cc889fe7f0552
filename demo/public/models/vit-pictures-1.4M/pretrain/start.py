"""
Weights to start from, computed rather than learnt: with them the class token's features already describe a picture,
place by place. From random weights it takes long to get there.

- A patch of 7×7 pixels becomes its place (one of 16 numbers), its cosine transform and its colour.
- The first MLP tells the directions of edges in the patch's four quarters, and squeezes them, with brightness and
  colour, into their main components.
- The heads of the other layers fetch these components for the class token, each head those of one place.

All other weights stay small and random.
"""

import math
from collections.abc import Iterator
from typing import Any

import torch
from torch.nn import functional
from transformers import ViTForImageClassification

PATCH, PLACES, QUARTER = 7, 16, 3
COMPONENTS, LOWEST, DIRECTIONS = 12, 20, 8
# The first dimension of each group of a token's dimensions. The last dimension marks the class token.
PLACE, WAVES, BRIGHTNESS, COLOUR, TOLD = 0, 16, 64, 65, 67
PLACE_SIZE, BRIGHTNESS_SIZE, COLOUR_SIZE, MARK_SIZE = 4.0, 0.2, 0.5, 8.0
# GELU is nearly linear around 0, so that edges get scaled up before it, and down after it.
EDGE_SCALE, PASSED_SCALE = 6.0, 4.0
PASSED_WEIGHTS = [1.0] * LOWEST + [3.0, 1.5, 1.5]
QUIET, NOISE = 0.1, 0.004
# How sharply each layer's heads look at their place. The first layer's don't.
SHARPNESS = [0.0, 0.5, 0.65, 0.75]
FETCHED = 0.5


def cosine_waves() -> torch.Tensor:
    """(49, 49), orthonormal: waves over a patch, from the slowest, the constant one."""
    place, wave = torch.arange(PATCH).float(), torch.arange(PATCH).float()[:, None]
    waves = torch.cos(math.pi * (2 * place + 1) * wave / (2 * PATCH)) * math.sqrt(2 / PATCH)
    waves[0] /= math.sqrt(2)
    both = torch.einsum("ux,vy->uvxy", waves, waves).reshape(PATCH**2, PATCH**2)
    return both[sorted(range(PATCH**2), key=lambda i: (i // PATCH + i % PATCH, i))]


def edge_filters() -> Iterator[tuple[int, torch.Tensor]]:
    """A patch's differences of neighbours in eight directions, (49) each, and the sum of edges it belongs to."""
    for down in range(PATCH - 1):
        for right in range(PATCH - 1):
            across, along = torch.zeros(PATCH, PATCH), torch.zeros(PATCH, PATCH)
            across[down : down + 2, right + 1], across[down : down + 2, right] = 0.5, -0.5
            along[down + 1, right : right + 2], along[down, right : right + 2] = 0.5, -0.5
            quarter = down // QUARTER * 2 + right // QUARTER
            for direction in range(DIRECTIONS):
                angle = 2 * math.pi * direction / DIRECTIONS
                half = DIRECTIONS // 2
                yield quarter * half + direction % half, (math.cos(angle) * across + math.sin(angle) * along).flatten()


def embed(embeddings: Any, waves: torch.Tensor) -> None:
    hidden = embeddings.cls_token.shape[2]
    weight = torch.zeros(hidden, 3, PATCH, PATCH)
    grey = waves.reshape(PATCH**2, 1, PATCH, PATCH).expand(-1, 3, -1, -1) / 3
    weight[WAVES : WAVES + PATCH**2 - 1] = grey[1:]
    weight[BRIGHTNESS] = grey[0] * BRIGHTNESS_SIZE
    weight[COLOUR] = torch.tensor([1.0, -1.0, 0.0])[:, None, None] / PATCH * COLOUR_SIZE
    weight[COLOUR + 1] = torch.tensor([-0.5, -0.5, 1.0])[:, None, None] / PATCH * COLOUR_SIZE
    projection = embeddings.patch_embeddings.projection
    projection.weight.copy_(weight + torch.randn_like(weight) * NOISE)
    projection.bias.zero_()
    embeddings.cls_token.zero_()
    embeddings.cls_token[0, 0, -1] = MARK_SIZE
    embeddings.position_embeddings.normal_(0, 0.02)
    for place in range(PLACES):
        embeddings.position_embeddings[0, 1 + place, PLACE + place] += PLACE_SIZE


def tell(mlp: Any, waves: torch.Tensor, tokens: torch.Tensor) -> None:
    """Units for edges, and pairs of units that pass a number on: gelu(x) - gelu(-x) is x. `tokens` (N, hidden)."""
    width = len(mlp.fc1.weight)
    sums = 4 * DIRECTIONS // 2
    passed = [*range(WAVES, WAVES + LOWEST), BRIGHTNESS, COLOUR, COLOUR + 1]
    edges, kept = torch.zeros(sums, width), torch.zeros(len(passed), width)
    unit = 0
    for total, edge in edge_filters():
        mlp.fc1.weight[unit] = 0
        mlp.fc1.weight[unit, WAVES : WAVES + PATCH**2 - 1] = edge @ waves[1:].T * EDGE_SCALE
        edges[total, unit] = 1 / QUARTER**2 / EDGE_SCALE
        unit += 1
    for row, (dimension, weight) in enumerate(zip(passed, PASSED_WEIGHTS, strict=True)):
        for sign in (1, -1):
            mlp.fc1.weight[unit] = 0
            mlp.fc1.weight[unit, dimension] = sign * PASSED_SCALE
            kept[row, unit] = sign * weight / PASSED_SCALE
            unit += 1
    mlp.fc1.bias.zero_()
    units = functional.gelu(mlp.fc1(tokens))
    described = torch.cat([edges / spread(units @ edges.T), kept / spread(units @ kept.T)])
    mean = (units @ described.T).mean(0)
    variances, directions = torch.linalg.eigh(torch.cov((units @ described.T).T))
    # Half whitened: the strongest components don't drown the others.
    components = directions[:, -COMPONENTS:].T / variances[-COMPONENTS:, None].sqrt().sqrt()
    told = slice(TOLD, TOLD + COMPONENTS)
    mlp.fc2.weight.mul_(QUIET)
    mlp.fc2.weight[told] = components @ described
    mlp.fc2.bias.zero_()
    mlp.fc2.bias[told] = -(components @ mean)


def spread(values: torch.Tensor) -> torch.Tensor:
    return (values - values.mean(0)).square().sum(1).mean().sqrt()


def fetch(layers: Any, hidden: int, head_size: int) -> None:
    """Each head writes into dimensions of its own; those that later layers read from patches come last."""
    needed = [*range(PLACE, PLACE + PLACES), *range(TOLD, TOLD + COMPONENTS)]
    free = [dimension for dimension in range(hidden - 1) if dimension not in needed] + needed
    heads = hidden // head_size
    for place in range(PLACES):
        layer, head = 1 + place // heads, place % heads
        attention, first = layers[layer].attention, head * head_size
        rows = slice(first, first + COMPONENTS)
        attention.q_proj.weight[first] = 0
        attention.q_proj.weight[first, -1] = SHARPNESS[layer]
        attention.k_proj.weight[first] = 0
        attention.k_proj.weight[first, PLACE + place] = SHARPNESS[layer]
        attention.v_proj.weight[rows] = 0
        attention.v_proj.weight[rows, TOLD : TOLD + COMPONENTS] = torch.eye(COMPONENTS) * FETCHED
        attention.o_proj.weight[:, rows] = 0
        for column, dimension in enumerate(free[place * COMPONENTS : (place + 1) * COMPONENTS]):
            attention.o_proj.weight[dimension, first + column] = 1


@torch.no_grad()
def start(model: ViTForImageClassification, views: torch.Tensor) -> None:
    """Sets the weights of the untrained model. The main components are those of the views, (B, 3, 28, 28)."""
    waves = cosine_waves()
    first: Any = model.vit.layers[0]
    embed(model.vit.embeddings, waves)
    first.attention.o_proj.weight.mul_(QUIET)
    tokens = first.layernorm_after(model.vit.embeddings(views))[:, 1:].flatten(0, 1)
    tell(first.mlp, waves, tokens)
    heads = model.config.num_attention_heads
    fetch(model.vit.layers, model.config.hidden_size, model.config.hidden_size // heads)
