"""Functions that create and save adapters on a base model, set their values and compute their results."""

import math
import os
import shutil
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from peft import IA3Config, LoraConfig, PeftConfig, PeftModel, UniLoraConfig, VeraConfig, get_peft_model
from peft.tuners.tuners_utils import BaseTunerLayer

from ..places import Json
from .bases import Model, load_base
from .inputs import Batch

State = dict[str, torch.Tensor]

CLASSES: Mapping[str, type[PeftConfig]] = {
    "VERA": VeraConfig,
    "LORA": LoraConfig,
    "IA3": IA3Config,
    "UNILORA": UniLoraConfig,
}
"""PEFT's configuration classes, by `peft_type`."""
VERA, IA3 = "VERA", "IA3"
MAGNITUDE = "lora_magnitude_vector"
"""Part of the parameter names of DoRA's magnitudes: one norm for each row of a weight."""
THETA = "unilora_theta_d"
"""The name of UniLoRA's vector. In torch, the first module that shares it owns it; in PEFT's files, the model does."""
SEED = 7
"""torch's seed for adapters whose initial values are random."""


def kind_of_adapter(config: Mapping[str, Any]) -> str:
    return str(config.get("peft_type", VERA))


def config_of(config: Mapping[str, Any]) -> PeftConfig:
    return CLASSES[kind_of_adapter(config)](**config)


@contextmanager
def quietly() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def fresh(folder: Path, config: Mapping[str, Any], attention: str | None = None) -> Model:
    """Returns the base model in `folder` with a new adapter."""
    with quietly():
        base = load_base(folder, attention)
        torch.manual_seed(SEED)
        return get_peft_model(base, config_of(config))


def loaded(folder: Path, adapter: Path) -> Model:
    """Returns the base model in `folder` with a saved adapter."""
    with quietly():
        return PeftModel.from_pretrained(load_base(folder), os.fspath(adapter)).eval()


def save(model: Model, folder: Path) -> None:
    """Saves an adapter with `save_pretrained`, and deletes the model card."""
    shutil.rmtree(folder, ignore_errors=True)
    with quietly():
        model.save_pretrained(os.fspath(folder))
    for card in folder.rglob("README.md"):
        card.unlink()


def saved_name(name: str, adapter: str = "default") -> str:
    """Returns a parameter's name in files: without the adapter's name and PEFT's wrappers of modules and magnitudes."""
    if name.endswith(f".{THETA}.{adapter}"):
        return f"base_model.{THETA}"
    saved = name.replace(f".modules_to_save.{adapter}", "").replace(f".{adapter}", "")
    return saved.removesuffix(".weight") if saved.endswith(f".{MAGNITUDE}.weight") else saved


def trainable(model: Model) -> dict[str, torch.nn.Parameter]:
    return {saved_name(name): it for name, it in model.named_parameters() if it.requires_grad}


def state_of(model: Model) -> State:
    return {name: parameter.detach().clone() for name, parameter in trainable(model).items()}


@torch.no_grad()
def set_state(model: Model, state: State) -> None:
    for name, parameter in trainable(model).items():
        parameter.copy_(state[name])


@torch.no_grad()
def randomise(model: Model, seed: int, adapter: str = "default") -> None:
    """Writes random values into everything that an adapter trains, so that the model's results change."""
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in sorted(model.named_parameters()):
        is_b, is_d = (f"vera_lambda_{vector}.{adapter}" in name for vector in "bd")
        is_lora = ".lora_" in name and f".{adapter}." in name
        is_ia3 = name.endswith(f".ia3_l.{adapter}")
        is_theta = name.endswith(f".{THETA}.{adapter}")
        if not (is_b or is_d or is_lora or is_ia3 or is_theta or parameter.requires_grad):
            continue
        noise = torch.randn(parameter.shape, generator=generator)
        if is_b or is_theta:
            parameter.copy_(noise)
        elif is_d:
            parameter.copy_(0.1 + 0.05 * noise)
        elif f".{MAGNITUDE}." in name:
            parameter.mul_(1 + 0.3 * noise)
        elif is_lora:
            parameter.copy_(0.2 * noise)
        elif is_ia3:
            parameter.copy_(1 + 0.5 * noise)
        else:  # biases, and the weights of modules that train
            parameter.add_(0.02 * noise)


@torch.no_grad()
def forward(model: Model, batch: Batch) -> tuple[torch.Tensor, float]:
    """Returns the logits and the loss of a batch."""
    output = model(**batch)
    return output.logits.float().contiguous(), output.loss.item()


def gradients(model: Model, batch: Batch) -> State:
    model.zero_grad(set_to_none=True)
    model(**batch).loss.backward()
    grads = {
        name: torch.zeros_like(it.data) if it.grad is None else it.grad.detach().clone()
        for name, it in trainable(model).items()
    }
    model.zero_grad(set_to_none=True)
    return grads


@torch.no_grad()
def greedy(model: Model, batch: Batch, count: int = 6) -> Json:
    """Continues the first half of the first row with the likeliest tokens, without a cache."""
    row = batch["input_ids"][0][batch["attention_mask"][0].bool()]
    ids = row[: max(3, batch["input_ids"].shape[1] // 2)][None]
    prompt = ids[0].tolist()
    gap = math.inf
    for _ in range(count):
        logits = model(input_ids=ids).logits[0, -1]
        best = logits.topk(2).values
        gap = min(gap, (best[0] - best[1]).item())
        ids = torch.cat([ids, logits.argmax()[None, None]], 1)
    return {"prompt": prompt, "continuation": ids[0, len(prompt) :].tolist(), "smallest_top2_gap": gap}


def wrapped_modules(model: Model) -> list[Json]:
    """Returns the facts about each wrapped module, in the order of `named_modules()`."""
    return [
        {
            "name": name.removeprefix("base_model.model."),
            "in_features": module.in_features,
            "out_features": module.out_features,
            "kind": kind_of(module.base_layer),
            "bias": module.base_layer.bias is not None,
        }
        for name, module in model.named_modules()
        if isinstance(module, BaseTunerLayer) and hasattr(module, "base_layer")
    ]


def kind_of(module: torch.nn.Module) -> str:
    """Returns a module's class name in torch, also for a class that transformers derives from torch's."""
    kinds = (torch.nn.Linear, torch.nn.Embedding)
    return next((kind.__name__ for kind in kinds if isinstance(module, kind)), type(module).__name__)


def projections(model: Model, adapter: str = "default") -> tuple[torch.Tensor, torch.Tensor]:
    """Returns the projections: A is (r, largest input), B is (largest output, r)."""
    return model.base_model.vera_A[adapter], model.base_model.vera_B[adapter]


def largest_difference(a: torch.Tensor, b: torch.Tensor) -> float:
    if a.shape != b.shape:
        return math.inf
    return (a - b).abs().max().item() if a.numel() else 0.0
