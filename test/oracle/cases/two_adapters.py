"""Two adapters on one base model: switched, both active at once, switched off, saved, one deleted, loaded anew."""

import os
import shutil
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from peft import VeraConfig
from safetensors.torch import save_file

from ..places import Json, write_json
from ..versions import versions
from . import adapters
from .adapters import State, forward
from .bases import Model, load_base
from .cases import KEY_0, MID, causal
from .inputs import as_json, text


@dataclass(frozen=True)
class Pair:
    base: str
    seed: int
    first: Mapping[str, Any]
    second: Mapping[str, Any]


def _pair(base: str, seed: int, first: list[str], second: list[str], *, fan_in_fan_out: bool = False) -> Pair:
    configs = (causal(MID, KEY_0, targets, fan_in_fan_out=fan_in_fan_out) for targets in (first, second))
    return Pair(base, seed, *configs)


LLAMA_TARGETS = ["q_proj", "v_proj", "up_proj"]
PAIRS: Mapping[str, Pair] = {
    "two_adapters_llama": _pair("llama", 51234, LLAMA_TARGETS, LLAMA_TARGETS),
    "two_adapters_gpt2": _pair("gpt2", 51334, ["c_attn", "c_fc", "c_proj"], ["c_attn"], fan_in_fan_out=True),
}


def make_pair(root: Path, name: str) -> None:
    """Writes `cases/NAME` under `root`, where the base model is too."""
    pair = PAIRS[name]
    base = root / "base" / pair.base
    folder = root / "cases" / name
    shutil.rmtree(folder, ignore_errors=True)
    batch = text(torch.Generator().manual_seed(pair.seed))
    tensors: State = {"base.logits": forward(load_base(base), batch)[0]}
    steps: list[Json] = []

    def note(step: str, model: Model, **more: Any) -> None:
        logits, loss = forward(model, batch)
        tensors[f"{step}.logits"] = logits
        steps.append({"step": step, "loss": loss, "active": list(model.base_model.active_adapters), **more})

    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        model = adapters.fresh(base, pair.first)
        model.add_adapter("other", VeraConfig(**pair.second))
        model.eval()
        adapters.randomise(model, pair.seed + 1, "default")
        adapters.randomise(model, pair.seed + 2, "other")
        first, other = (adapters.projections(model, adapter)[0] for adapter in ("default", "other"))
        shared = first.data_ptr() == other.data_ptr()
        note("first_active", model)
        model.set_adapter("other")
        note("second_active", model)
        model.set_adapter("default")
        note("first_again", model)
        model.base_model.set_adapter(["default", "other"])
        note("both_active", model)
        model.set_adapter("other")
        with model.disable_adapter():
            note("disabled", model)
        adapters.save(model, folder / "adapters")
        model.set_adapter("other")
        model.delete_adapter("other")
        note("second_deleted", model, left=list(model.peft_config))
        anew = adapters.loaded(base, folder / "adapters")
        anew.load_adapter(os.fspath(folder / "adapters" / "other"), "other")
        anew.eval()
        note("reloaded_first", anew)
        anew.set_adapter("other")
        note("reloaded_second", anew)
    largest = max(value.abs().max().item() for value in tensors.values())
    save_file(tensors, folder / "tensors.safetensors")
    document = {
        "name": name,
        "about": __doc__,
        "versions": versions(),
        "base": f"base/{pair.base}",
        "adapters": {"default": pair.first, "other": pair.second},
        "inputs": {"batch": as_json(batch)},
        "projections_shared": shared,
        "steps": steps,
        "warnings": sorted({str(it.message) for it in seen if "peft" in it.filename}),
        "tolerance": {"loss_abs": 1e-4, "logits_abs": round(max(2e-4, 2e-5 * largest), 6)},
    }
    write_json(folder / "case.json", document)
