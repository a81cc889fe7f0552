"""Records the modules that each configuration wraps, and all modules of the bases."""

import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from peft import VeraConfig, get_peft_model

from ..cases.adapters import kind_of, projections, wrapped_modules
from ..cases.bases import Model, new_model
from ..cases.families import BASES
from ..places import Json, write_json
from ..versions import versions

Targets = list[str] | str | None
TARGETS: Mapping[str, list[Targets]] = {
    "gpt2": [
        None,
        ["c_attn"],
        ["c_proj"],
        ["attn.c_proj"],
        ["h.1.attn.c_attn"],
        "all-linear",
        r".*mlp\.c_fc",
        r"mlp\.c_fc",
        ["c_attn", "lm_head"],
        ["wte"],
    ],
    "opt": [None, ["q_proj", "fc2"], "all-linear", r".*\.fc[12]", ["proj"], ["out_proj"]],
    "opt-postnorm": ["all-linear", ["project_in", "q_proj"]],
    "llama": [
        None,
        ["q_proj", "v_proj"],
        ["mlp"],
        ["mlp.up_proj"],
        "all-linear",
        r".*layers\.1\..*_proj",
        ["q_proj", "nothing"],
        ["layers.0.self_attn.q_proj"],
        ["embed_tokens"],
    ],
    "qwen2": [None, "all-linear"],
    "qwen3": [None, "all-linear"],
    "gemma": [None, "all-linear"],
    "gemma2": [None, "all-linear"],
    "gemma3": [None, "all-linear"],
    "gemma3-both-ways": ["all-linear"],
    "mistral": [None, "all-linear"],
    "olmo2": [None, "all-linear"],
    "lfm2": [None, "all-linear", ["conv"], ["conv.conv"], ["out_proj", "w2"]],
    "phi3": [None, "all-linear", ["qkv_proj"]],
    "falcon": [None, "all-linear", ["dense"]],
    "falcon-new": ["all-linear"],
    "falcon-alibi": ["all-linear"],
    "gpt-neo": [None, "all-linear", ["attn.attention.out_proj"]],
    "gpt-neox": [None, "all-linear", ["dense"]],
    "gpt-neox-sequential": ["all-linear"],
    "bert": [None, ["query", "value"], ["dense"], ["attention.output.dense"], "all-linear"],
    "roberta": [None, ["query"], ["dense"], "all-linear"],
    "distilbert": [["q_lin"], "all-linear"],
    "modernbert": [None, ["Wo"], ["mlp.Wo"], "all-linear"],
    "gpt2-seqcls": [None, "all-linear"],
    "llama-seqcls": [None, "all-linear"],
    "vit": [None, ["query"], ["q_proj"], ["q_proj", "v_proj"], "all-linear"],
    "dinov2": [None, ["query"], "all-linear"],
    "dinov2-registers": ["all-linear"],
    "clip": [None, ["q_proj"], "all-linear"],
    "siglip": [["out_proj"], ["fc1"], "all-linear"],
}
LAYERS: Mapping[str, list[dict[str, Any]]] = {
    "gpt2": [
        {"target_modules": ["c_attn"], "layers_to_transform": [0]},
        {"target_modules": ["c_attn"], "layers_to_transform": 1},
        {"target_modules": ["c_attn"], "layers_to_transform": [0], "layers_pattern": "h"},
        {"target_modules": ["c_attn"], "layers_to_transform": [0], "layers_pattern": ["layers", "h"]},
        {"target_modules": ["c_attn"], "layers_to_transform": [5]},
        {"target_modules": ["c_attn"], "layers_to_transform": [0], "layers_pattern": "block"},
        {"target_modules": r".*c_attn", "layers_to_transform": [0]},
        {"target_modules": ["c_attn"], "layers_pattern": "h"},
    ],
    "llama": [
        {"target_modules": ["q_proj"], "layers_to_transform": [1]},
        {"target_modules": ["q_proj", "lm_head"], "layers_to_transform": [1]},
        {"target_modules": "all-linear", "layers_to_transform": [1]},
    ],
    "bert": [
        {"target_modules": ["query"], "layers_to_transform": [1]},
        {"target_modules": ["query"], "layers_to_transform": [1], "layers_pattern": "layer"},
    ],
}
TASKS: Mapping[str, list[str | None]] = {
    "llama": [None, "CAUSAL_LM"],
    "bert": [None, "SEQ_CLS"],
    "roberta": [None, "SEQ_CLS"],
    "modernbert": [None, "SEQ_CLS"],
    "gpt2-seqcls": [None, "SEQ_CLS"],
    "llama-seqcls": [None, "SEQ_CLS"],
}
ABOUT = (
    "which modules a target_modules / layers_to_transform / layers_pattern wraps (names in the base model), what PEFT "
    "turned target_modules into, or the error it raised; target_modules null is PEFT's own default for the model type"
)


def make_targeting(root: Path) -> None:
    rows = [
        {"base": f"base/{base}", "config": config, "task_type": task, **_resolved(base, config, task)}
        for base, targets in TARGETS.items()
        for config in [*({"target_modules": it} for it in targets), *LAYERS.get(base, [])]
        for task in TASKS.get(base, [None])
    ]
    write_json(root / "targeting.json", {"about": ABOUT, "versions": versions(), "rows": rows})


def _resolved(base: str, config: Mapping[str, Any], task: str | None) -> Json:
    row: dict[str, Any] = {}
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        try:
            model = get_peft_model(new_model(BASES[base]), VeraConfig(r=2, task_type=task, **config))
        except Exception as error:
            row["error"] = {"type": type(error).__name__, "message": str(error)}
        else:
            resolved = model.peft_config["default"]
            targets = resolved.target_modules
            row["wrapped"] = [module["name"] for module in wrapped_modules(model)]
            row["resolved_target_modules"] = targets if isinstance(targets, str) else sorted(targets)
            row["modules_to_save"] = resolved.modules_to_save
            row["projection_shapes"] = [list(it.shape) for it in projections(model)]
    told = sorted({str(it.message) for it in seen if "peft" in it.filename})
    return {**row, **({"warnings": told} if told else {})}


def make_modules(root: Path) -> None:
    """Writes the linear layers and embeddings of each base, in torch's order, one per line."""
    entries = ",\n".join(f'  "base/{base}": {_modules(new_model(BASES[base]))}' for base in TARGETS)
    (root / "modules.json").write_text(f"{{\n{entries}\n}}\n", encoding="utf-8")


def _modules(model: Model) -> str:
    head = model.get_output_embeddings()
    names = {id(module): name for name, module in model.named_modules()}
    facts = {
        "model_type": model.config.model_type,
        "output_embedding": None if head is None else names[id(head)],
        "tie_word_embeddings": getattr(model.config, "tie_word_embeddings", False),
    }
    rows = [[name, kind_of(module), *sizes] for name, module in model.named_modules() if (sizes := _sizes(module))]
    lines = ",\n".join(f"    {json.dumps(row)}" for row in rows)
    return f'{json.dumps(facts)[:-1]}, "modules": [\n{lines}\n  ]}}'


def _sizes(module: Any) -> tuple[int, int] | None:
    """Returns a module's in_features and out_features, or None if it is no linear layer or embedding."""
    if kind_of(module) == "Conv1D":
        return module.nx, module.nf
    if isinstance(module, torch.nn.Linear):
        return module.in_features, module.out_features
    if isinstance(module, torch.nn.Embedding):
        return module.num_embeddings, module.embedding_dim
    return None
