"""Generates cases of two adapters on one base model, which are switched, combined, disabled, saved and deleted."""

import os
import shutil
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from ..kinds.ia3 import ia3
from ..kinds.lora import lora
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
    sums: bool = False
    """Whether the case includes PEFT's weighted sums of both adapters, and a batch whose rows use different ones."""
    merges: bool = False
    """Whether both adapters are also merged, one after the other."""


def _pair(base: str, seed: int, first: list[str], second: list[str], *, fan_in_fan_out: bool = False) -> Pair:
    one, other = (causal(MID, KEY_0, targets, fan_in_fan_out=fan_in_fan_out) for targets in (first, second))
    return Pair(base, seed, one, other)


LLAMA_TARGETS = ["q_proj", "v_proj", "up_proj"]
PAIRS: Mapping[str, Pair] = {
    "two_adapters_llama": _pair("llama", 51234, LLAMA_TARGETS, LLAMA_TARGETS),
    "two_adapters_lora": Pair(
        "llama",
        61734,
        lora(4, LLAMA_TARGETS, lora_alpha=6),
        lora(4, ["q_proj", "down_proj"], use_rslora=True),
        sums=True,
    ),
    "two_adapters_dora": Pair(
        "llama",
        62334,
        lora(4, LLAMA_TARGETS, lora_alpha=6, use_dora=True),
        lora(3, ["q_proj", "down_proj"], use_dora=True, use_rslora=True),
        merges=True,
    ),
    "two_adapters_gpt2": _pair("gpt2", 51334, ["c_attn", "c_fc", "c_proj"], ["c_attn"], fan_in_fan_out=True),
    "two_adapters_ia3": Pair(
        "gpt2",
        51434,
        ia3("CAUSAL_LM", fan_in_fan_out=True),
        ia3("CAUSAL_LM", ["c_attn", "c_fc"], ["c_fc"], fan_in_fan_out=True),
    ),
}


WEIGHTS = (0.7, -0.4)
WAYS = (("linear", None), ("cat", None), ("svd", None), ("svd", 2))
"""PEFT's values of `combination_type`, each with its `svd_rank`."""


def make_pair(root: Path, name: str) -> None:
    """Writes the folder `cases/NAME` in `root`, which also contains the base model."""
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
        model.add_adapter("other", adapters.config_of(pair.second))
        model.eval()
        adapters.randomise(model, pair.seed + 1, "default")
        adapters.randomise(model, pair.seed + 2, "other")
        is_vera = adapters.kind_of_adapter(pair.first) == adapters.VERA
        facts = {"projections_shared": _shares_projections(model)} if is_vera else {}
        note("first_active", model)
        model.set_adapter("other")
        note("second_active", model)
        model.set_adapter("default")
        note("first_again", model)
        model.base_model.set_adapter(["default", "other"])
        note("both_active", model)
        if pair.merges:
            model.merge_adapter()
            note("both_merged", model)
            model.unmerge_adapter()
        model.set_adapter("other")
        with model.disable_adapter():
            note("disabled", model)
        adapters.save(model, folder / "adapters")
        if pair.sums:
            model.set_adapter("default")
            logits = model(**batch, adapter_names=["other", "__base__"]).logits
            tensors["rows.logits"] = logits.detach().float().contiguous()
            for way, rank in WAYS:
                model.add_weighted_adapter(["default", "other"], WEIGHTS, f"by_{way}_{rank}", way, svd_rank=rank)
                model.set_adapter(f"by_{way}_{rank}")
                note(f"by_{way}_{rank}", model)
                model.delete_adapter(f"by_{way}_{rank}")
        elif adapters.kind_of_adapter(pair.first) == adapters.IA3:
            model.add_weighted_adapter(["default", "other"], [0.75, 0.4], "sum")
            model.set_adapter("sum")
            note("weighted", model)
            model.delete_adapter("sum")
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
        **facts,
        "steps": steps,
        "warnings": sorted({str(it.message) for it in seen if "peft" in it.filename}),
        "tolerance": {"loss_abs": 1e-4, "logits_abs": round(max(2e-4, 2e-5 * largest), 6)},
    }
    write_json(folder / "case.json", document)


def _shares_projections(model: Model) -> bool:
    first, other = (adapters.projections(model, adapter)[0] for adapter in ("default", "other"))
    return bool(first.data_ptr() == other.data_ptr())
