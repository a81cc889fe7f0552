"""Records the initial values of lora_A, which torch draws for two modules after setting a seed."""

from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model

from ..places import Json, write_json
from ..versions import versions

SIZES = ((1, 5), (1, 15), (4, 4), (1, 17), (3, 13))
"""Ranks and input sizes. Torch draws normal numbers differently if there are fewer than 16, or if their number
isn't a multiple of 16."""
SEEDS = (0, 1234, -1)


def make_lora_init(root: Path) -> None:
    write_json(root / "lora_init.json", {"versions": versions(), "rows": [_row(*it) for it in _cases()]})


def _cases() -> list[tuple[Any, int, int, int]]:
    return [
        (init, seed, r, inputs) for init in (True, False, "gaussian") for seed in SEEDS[:2] for r, inputs in SIZES
    ] + [("gaussian", SEEDS[2], 8, 40)]


def _row(init: bool | str, seed: int, r: int, inputs: int) -> Json:
    model = torch.nn.Sequential()
    for name in ("one", "two"):
        model.add_module(name, torch.nn.Linear(inputs, 3))
    torch.manual_seed(seed)
    wrapped = get_peft_model(model, LoraConfig(r=r, target_modules=["one", "two"], init_lora_weights=init))
    numbers = [wrapped.base_model.model.get_submodule(name).lora_A["default"].weight for name in ("one", "two")]
    words = torch.cat([it.detach().flatten() for it in numbers]).view(torch.int32).tolist()
    return {"init": init, "seed": seed, "r": r, "in": inputs, "A_bits": [f"{word & 0xFFFFFFFF:x}" for word in words]}
