"""Creates the folders of base models, and loads them."""

import shutil
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import PreTrainedModel
from transformers.models.gpt2.modeling_gpt2 import GPT2PreTrainedModel
from transformers.pytorch_utils import Conv1D

from ..places import OF_VERSION_4, read_json, write_json
from ..versions import TRANSFORMERS_5
from .base_spec import Base
from .families import BASES

Model = Any
"""Any torch module with the attributes that transformers and PEFT add."""

SMALL_SEED = 500
"""The seed for norms and biases is the base's seed plus this number."""


def make_base(folder: Path, name: str) -> None:
    """Writes a base model's folder with `save_pretrained`."""
    base = BASES[name]
    shutil.rmtree(folder, ignore_errors=True)
    model = new_model(base)
    generator = torch.Generator().manual_seed(base.seed + SMALL_SEED)
    with torch.no_grad():
        # Norms, biases and tensors of zeros are changed at random, so that results differ if one of them is ignored.
        for parameter in model.parameters():
            if parameter.ndim == 1 or not parameter.any():
                parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.15)
    model = model.to(getattr(torch, base.dtype))
    if base.bare:
        _save_bare(model, folder)
    elif base.max_shard_size is not None:
        model.save_pretrained(folder, max_shard_size=base.max_shard_size)
    else:
        model.save_pretrained(folder)
    if base.image_processor is not None:
        write_json(folder / "preprocessor_config.json", base.image_processor)


def new_model(base: Base) -> Model:
    architecture = getattr(transformers, base.architecture)
    config = architecture.config_class(**base.arguments())
    torch.manual_seed(base.seed)
    with patch.object(GPT2PreTrainedModel, "_init_weights", _init_gpt2):
        return architecture(config).eval()


def _init_gpt2(self: Any, module: torch.nn.Module) -> None:
    """Initialises weights as transformers up to 5.13 does. Later releases draw each c_proj a second time, with smaller
    values, which changes all numbers drawn afterwards."""
    PreTrainedModel._init_weights(self, module)
    if isinstance(module, Conv1D):
        torch.nn.init.normal_(module.weight, mean=0.0, std=self.config.initializer_range)
        torch.nn.init.zeros_(module.bias)


def _save_bare(model: Model, folder: Path) -> None:
    """Saves GPT-2 like its old public files: names without `transformer.`, and with causal masks."""
    model.transformer.save_pretrained(folder)
    file = folder / "model.safetensors"
    tensors = load_file(file)
    size = model.config.n_positions
    for layer in range(model.config.n_layer):
        tensors[f"h.{layer}.attn.bias"] = torch.tril(torch.ones(size, size)).view(1, 1, size, size).contiguous()
        tensors[f"h.{layer}.attn.masked_bias"] = torch.tensor(-1e4)
    save_file(tensors, file, metadata={"format": "pt"})
    config = folder / "config.json"
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace('"GPT2Model"', '"GPT2LMHeadModel"'), encoding="utf-8")


def load_base(folder: Path, attention: str | None = None) -> Model:
    """Loads a base model in float32. `attention` names one of transformers' implementations of attention."""
    architecture = getattr(transformers, read_json(folder / "config.json")["architectures"][0])
    options: dict[str, Any] = {"attn_implementation": attention} if attention else {}
    of_version_4 = folder / OF_VERSION_4
    if not TRANSFORMERS_5 and of_version_4.exists():
        options["config"] = architecture.config_class.from_json_file(of_version_4)
    model = architecture.from_pretrained(folder, dtype=torch.float32, **options)
    # PEFT writes this path into its files. The path is relative, so that files are the same on every machine.
    model.name_or_path = model.config._name_or_path = f"base/{folder.name}"
    return model.eval()
