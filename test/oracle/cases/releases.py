"""Adapter folders written by several PEFT releases. `python -m oracle release` adds those of the installed
release; with transformers 4 it also writes the bases' configurations in the format of that release."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import peft
import torch
import transformers
from safetensors.torch import save_file

from ..places import GOLDEN, OF_VERSION_4, write_json
from ..versions import TRANSFORMERS_5, versions
from . import adapters
from .families import BASES

RELEASES = GOLDEN / "releases"
BASE = "opt"
INPUT_IDS = [[5, 17, 80, 33, 64, 9]]
SEED = 61234
COMMON = {"r": 4, "target_modules": ["q_proj", "v_proj"], "projection_prng_key": 42, "task_type": "CAUSAL_LM"}
FOLDERS: Mapping[str, Mapping[str, Any]] = {
    "saved": {"save_projection": True},
    "drawn": {"save_projection": False},
    "bias": {"bias": "vera_only"},
}
"""The adapters that each release writes, and the options of their configurations."""


def write_release() -> None:
    folder = RELEASES / peft.__version__
    print(f"release: {peft.__version__}", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    logits = {}
    for name, changes in FOLDERS.items():
        model = adapters.fresh(GOLDEN / "base" / BASE, {**COMMON, **changes})
        adapters.randomise(model, SEED)
        adapters.save(model, folder / name)
        logits[name] = logits_of(folder / name)
    save_file(logits, folder / "logits.safetensors")
    document = {"versions": versions(), "base": f"base/{BASE}", "input_ids": INPUT_IDS, "adapters": list(FOLDERS)}
    write_json(folder / "release.json", document)
    if not TRANSFORMERS_5:
        for name, base in BASES.items():
            if base.rope:
                print(f"{OF_VERSION_4}: {name}", flush=True)
                _write_config(GOLDEN / "base" / name / OF_VERSION_4, name)


@torch.no_grad()
def logits_of(adapter: Path) -> torch.Tensor:
    """Returns the logits of the installed PEFT with an adapter's files: (1, tokens, vocabulary)."""
    model = adapters.loaded(GOLDEN / "base" / BASE, adapter)
    logits: torch.Tensor = model(input_ids=torch.tensor(INPUT_IDS)).logits
    return logits.contiguous()


def _write_config(path: Path, name: str) -> None:
    base = BASES[name]
    config = getattr(transformers, base.architecture).config_class(**base.arguments())
    config.architectures = [base.architecture]
    config.dtype = getattr(torch, base.dtype)
    write_json(path, json.loads(json.dumps(config.to_diff_dict(), default=str)))
