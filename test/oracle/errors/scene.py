"""The models with which odd situations begin: OPT, and saved adapters on it."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel, VeraConfig, get_peft_model
from safetensors.torch import load_file, save_file

from ..cases import adapters
from ..cases.adapters import State
from ..cases.bases import Model, load_base
from ..cases.inputs import text
from ..places import Json, read_json

R, TARGETS = 4, ["q_proj", "v_proj"]
CONFIG, TENSORS = "adapter_config.json", "adapter_model.safetensors"

Situation = Callable[[], Json]
"""A function that does what an odd situation describes, and returns losses, names or None."""


def config(**changes: Any) -> VeraConfig:
    return VeraConfig(**{"r": R, "target_modules": TARGETS, **changes})


class Scene:
    def __init__(self, bases: Path, adapters_folder: Path) -> None:
        self.bases = bases
        self.folder = adapters_folder
        self.batch = text(torch.Generator().manual_seed(1234))

    def base(self, name: str = "opt") -> Model:
        return load_base(self.bases / name)

    def vera(self, **changes: Any) -> Model:
        """Returns OPT with a new adapter."""
        return get_peft_model(self.base(), config(**changes)).eval()

    def loss(self, model: Model) -> float:
        return adapters.forward(model, self.batch)[1]

    def saved(self, **changes: Any) -> Path:
        """Returns the folder of a saved adapter with random values."""
        folder = self.folder / hashlib.md5(json.dumps(changes, sort_keys=True).encode()).hexdigest()[:6]
        if not folder.exists():
            with adapters.quietly():
                model = self.vera(**changes)
            adapters.randomise(model, 5)
            adapters.save(model, folder)
        return folder

    def load(self, folder: Path) -> Json:
        return {"loss": self.loss(self.loaded(folder))}

    def loaded(self, folder: Path) -> Model:
        return PeftModel.from_pretrained(self.base(), os.fspath(folder)).eval()


def edited(folder: Path, change: Callable[[Path], None]) -> Path:
    """Copies an adapter's folder and applies `change` to the copy."""
    copy = folder.with_name(folder.name + "e")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(folder, copy)
    change(copy)
    return copy


def with_config(folder: Path, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Path:
    def write(copy: Path) -> None:
        (copy / CONFIG).write_text(json.dumps(change(read_json(copy / CONFIG))), encoding="utf-8")

    return edited(folder, write)


def with_tensors(folder: Path, change: Callable[[State], State]) -> Path:
    def write(copy: Path) -> None:
        tensors = change(load_file(copy / TENSORS))
        whole = {name: tensor.contiguous() for name, tensor in tensors.items()}
        save_file(whole, copy / TENSORS, metadata={"format": "pt"})

    return edited(folder, write)
