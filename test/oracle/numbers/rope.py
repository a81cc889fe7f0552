"""Records transformers' rotary tables for fields of config.json."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM

from ..places import Json, write_json
from ..versions import versions

ABOUT = (
    "config.json of small models with fields of rotary embeddings; and for texts of so many tokens the cosines and "
    "sines of the last one's pairs; or what kind of error transformers raises"
)
LENGTHS = (6, 24)
SIZES = {
    "hidden_size": 32,
    "intermediate_size": 8,
    "num_hidden_layers": 1,
    "num_attention_heads": 4,
    "num_key_value_heads": 4,
    "vocab_size": 8,
    "max_position_embeddings": 40,
    "bos_token_id": 0,
    "eos_token_id": 1,
    "pad_token_id": 2,
}
ORIGINAL = "original_max_position_embeddings"
YARN = {"rope_type": "yarn", "rope_theta": 500.0, "factor": 4.0, ORIGINAL: 10, "beta_fast": 1.0, "beta_slow": 0.02}
LONG = {
    "rope_type": "longrope",
    "rope_theta": 500.0,
    "short_factor": [1.0, 1.1, 1.3, 1.7],
    "long_factor": [1.0, 2.0, 4.5, 9.0],
}
LLAMA3 = {"rope_type": "llama3", "rope_theta": 500.0, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0}
THREE = {"short_factor": [1.0, 1.2, 1.5], "long_factor": [1.0, 3.0, 7.0], "partial_rotary_factor": 0.75}


def _without(given: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name != key}


def _rope(model_type: str, given: Mapping[str, Any], **more: Any) -> Json:
    return {"model_type": model_type, "rope_parameters": given, **more}


GPT_NEOX: Mapping[str, Json] = {
    "untold": {},
    "as old files say": {"rotary_pct": 0.5, "rotary_emb_base": 500, "rope_theta": 300.0},
    "old fields beside a scaling": {"rotary_pct": 0.5, "rope_scaling": {"type": "linear", "factor": 3.0}},
    "new fields first": {
        "rotary_pct": 0.5,
        "rotary_emb_base": 500,
        "rope_parameters": {"rope_type": "default", "rope_theta": 300.0, "partial_rotary_factor": 0.75},
    },
    "dynamic": {"rotary_pct": 1.0, "rope_scaling": {"type": "dynamic", "factor": 3.0}},
    "llama3": {"rope_parameters": {**LLAMA3, "partial_rotary_factor": 0.5}},
    "yarn": {"rope_parameters": {**YARN, "partial_rotary_factor": 0.5}},
    "longrope": {"rope_parameters": {**LONG, **THREE, ORIGINAL: 10}},
}
"""The fields of GPT-NeoX, which has names of its own for some."""

SITUATIONS: Mapping[str, Json] = {
    "default": _rope("llama", {"rope_type": "default", "rope_theta": 500.0}),
    **{
        f"default, part of a head, {family}": _rope(
            family,
            {"rope_type": "default", "rope_theta": 500.0, "partial_rotary_factor": 0.5},
            **({} if family == "falcon" else {"head_dim": 8}),
        )
        for family in ("llama", "mistral", "qwen2", "qwen3", "gemma", "gemma2", "falcon")
    },
    "default, part of a head by the model": _rope(
        "llama", {"rope_type": "default", "rope_theta": 500.0}, partial_rotary_factor=0.5
    ),
    "linear": _rope("llama", {"rope_type": "linear", "rope_theta": 500.0, "factor": 3.0}),
    "linear, part of a head": _rope("llama", {"rope_type": "linear", "factor": 3.0, "partial_rotary_factor": 0.5}),
    "llama3": _rope("llama", {**LLAMA3, ORIGINAL: 16}),
    "llama3, original context untold": _rope("llama", LLAMA3),
    "yarn": _rope("llama", YARN),
    "yarn, usual betas": _rope("mistral", _without(_without(YARN, "beta_fast"), "beta_slow")),
    "yarn, betas of 0": _rope("llama", {**YARN, "beta_fast": 0, "beta_slow": 0}),
    "yarn, not truncated": _rope("qwen2", {**YARN, "truncate": False}),
    "yarn, one bound for both": _rope("llama", {**YARN, "beta_fast": 0.5, "beta_slow": 0.5, "truncate": False}),
    "yarn, factor of attention": _rope("llama", {**YARN, "attention_factor": 0.7}),
    "yarn, mscale": _rope("llama", {**YARN, "mscale": 0.8, "mscale_all_dim": 1.2}),
    "yarn, mscale alone": _rope("llama", {**YARN, "mscale": 0.8}),
    "yarn, factor null": _rope("llama", {**YARN, "factor": None, ORIGINAL: 8}),
    "yarn, no factor": _rope("llama", _without(YARN, "factor")),
    "yarn, factor below 1": _rope("llama", {**YARN, "factor": 0.5}),
    "yarn, original context untold": _rope("llama", _without(YARN, ORIGINAL)),
    "yarn, original context of the model": _rope("llama", YARN, original_max_position_embeddings=20),
    "yarn, part of a head": _rope("llama", {**YARN, "partial_rotary_factor": 0.5}),
    "yarn, own size of heads": _rope("qwen3", YARN, head_dim=12),
    "yarn, falcon": _rope("falcon", YARN),
    "yarn, as old files say": {
        "model_type": "qwen2",
        "rope_theta": 500.0,
        "rope_scaling": {"type": "yarn", "factor": 4.0, ORIGINAL: 10},
    },
    "longrope": _rope("llama", {**LONG, "factor": 4.0, ORIGINAL: 10}),
    "longrope, factor untold": _rope("llama", {**LONG, ORIGINAL: 10}),
    "longrope, original context untold": _rope("llama", LONG),
    "longrope, factor of attention": _rope("qwen2", {**LONG, "attention_factor": 1.25, ORIGINAL: 10}),
    "longrope, too few factors": _rope("llama", {**LONG, "long_factor": [1.0, 2.0, 3.0], ORIGINAL: 10}),
    "longrope, no short ones": _rope("llama", {**_without(LONG, "short_factor"), ORIGINAL: 10}),
    "phi3": _rope("phi3", LONG, original_max_position_embeddings=10),
    "phi3, original context untold": _rope("phi3", LONG),
    "phi3, original context of the embeddings": _rope("phi3", {**LONG, ORIGINAL: 10}),
    "phi3, factor": _rope("phi3", {**LONG, "factor": 2.5}, original_max_position_embeddings=10),
    "phi3, su": _rope("phi3", {**LONG, "rope_type": "su", ORIGINAL: 12}, original_max_position_embeddings=10),
    "phi3, yarn": _rope("phi3", {**LONG, "rope_type": "yarn"}, original_max_position_embeddings=10),
    "phi3, yarn of others": _rope("phi3", YARN, original_max_position_embeddings=10),
    "phi3, linear": _rope("phi3", {"rope_type": "linear", "factor": 3.0}),
    "phi3, part of a head": _rope("phi3", {"rope_type": "default", "rope_theta": 500.0, "partial_rotary_factor": 0.75}),
    "phi3, part of a head by the model": _rope(
        "phi3", {"rope_type": "default", "rope_theta": 500.0}, partial_rotary_factor=0.5
    ),
    "phi3, part of a head, long": _rope("phi3", {**LONG, **THREE}, original_max_position_embeddings=10),
    "phi3, part of a head, too many factors": _rope(
        "phi3", {**LONG, "partial_rotary_factor": 0.75}, original_max_position_embeddings=10
    ),
    "phi3, more than a head": _rope("phi3", {"rope_type": "default", "partial_rotary_factor": 1.5}),
    **{f"gpt_neox, {situation}": {"model_type": "gpt_neox", **given} for situation, given in GPT_NEOX.items()},
}


def make_rope(root: Path) -> None:
    rows = [_row(situation, {**SIZES, **given}) for situation, given in SITUATIONS.items()]
    document = {"about": ABOUT, "versions": versions(), "lengths": LENGTHS, "rows": rows}
    write_json(root / "rope.json", document)


def _row(situation: str, given: Json) -> Json:
    row: Json = {"situation": situation, "config": given}
    try:
        config = AutoConfig.for_model(**_copied(given))
        model = AutoModelForCausalLM.from_config(config).eval()
        return {**row, "tables": [_last_row(model, length) for length in LENGTHS]}
    except Exception as error:
        return {**row, "error": type(error).__name__}


def _copied(given: Json) -> Json:
    """Copies a config two levels deep, because transformers writes into its arguments."""
    return {name: dict(value) if isinstance(value, dict) else value for name, value in given.items()}


@torch.no_grad()
def _last_row(model: Any, length: int) -> list[float]:
    """Returns [cos | sin] of each pair at the last position of a text of `length` tokens, as in a forward pass."""
    seen: list[Any] = []
    network = model.base_model
    hook = network.rotary_emb.register_forward_hook(lambda _module, _inputs, made: seen.append(made))
    model(input_ids=torch.zeros(1, length, dtype=torch.long))
    hook.remove()
    return [number for part in seen[0] for number in part[0, -1, : part.shape[-1] // 2].tolist()]
