"""A text classifier whose head reads one vector per text: the pooled hidden states of its tokens, changed by the layers
that its folder of sentence-transformers has after the pooling, if any.

For an adapter:

    base = pooled_base("sentence-transformers/all-MiniLM-L6-v2", "output")
    model = PeftModel.from_pretrained(base, "output")

For a whole model, in the folder of `export_model`:

    model = pooled_model("folder")

`AutoModelForSequenceClassification` would open such a folder as another model, with a head of its own.
"""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torch import nn
from torch.nn.functional import linear, normalize, one_hot
from transformers import AutoConfig, AutoModel
from transformers.modeling_outputs import SequenceClassifierOutput
from transformers.utils.hub import cached_file

HEAD, LAYERS = "classifier.", "after_pooling."


class Dense(nn.Module):
    """A layer after the pooling. It isn't an nn.Linear, so PEFT doesn't wrap it."""

    def __init__(self, layer: dict[str, Any]) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(layer["out_features"], layer["in_features"]))
        self.bias = nn.Parameter(torch.zeros(layer["out_features"])) if layer["bias"] else None
        self.bends = layer["activation"] == "tanh"

    def forward(self, vectors: torch.Tensor) -> torch.Tensor:
        changed = linear(vectors, self.weight, self.bias)
        return changed.tanh() if self.bends else changed


class PooledForSequenceClassification(nn.Module):
    """Its modules have the same names as in the browser: `classifier`, and the network under its name in transformers,
    such as `bert`."""

    def __init__(self, network: Any, pooling: dict[str, Any], labels: int) -> None:
        super().__init__()
        if getattr(network, "pooler", None) is not None:
            network.pooler = None
        self.config = network.config
        self.pooling = pooling
        self.prefix: str = network.base_model_prefix
        setattr(self, self.prefix, network)
        # OPT may project its hidden states to another width than its layers have.
        width = getattr(self.config, "word_embed_proj_dim", self.config.hidden_size)
        width *= len(pooling["modes"])
        self.layers: list[dict[str, Any]] = pooling.get("dense", [])
        if self.layers:
            self.after_pooling = nn.ModuleList(map(Dense, self.layers))
            width = self.layers[-1]["out_features"]
        self.classifier = nn.Linear(width, labels)

    @property
    def network(self) -> Any:
        return getattr(self, self.prefix)

    def forward(
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor | None = None,
        token_type_ids: torch.Tensor | None = None,
        **_others: Any,
    ) -> SequenceClassifierOutput:
        mask = torch.ones_like(input_ids) if attention_mask is None else attention_mask
        types = {} if token_type_ids is None else {"token_type_ids": token_type_ids}
        hidden = self.network(input_ids=input_ids, attention_mask=mask, **types).last_hidden_state
        vectors = torch.cat([pooled(hidden, mask, mode) for mode in self.pooling["modes"]], dim=1)
        if self.layers:
            for layer in self.after_pooling:
                vectors = layer(vectors)
        logits = self.classifier(normalize(vectors) if self.pooling["normalize"] else vectors)
        return SequenceClassifierOutput(logits=logits)

    @property
    def is_gradient_checkpointing(self) -> bool:
        return bool(self.network.is_gradient_checkpointing)

    def gradient_checkpointing_enable(self, **options: Any) -> None:
        self.network.gradient_checkpointing_enable(**options)

    def enable_input_require_grads(self) -> None:
        self.network.enable_input_require_grads()


def pooled(hidden: torch.Tensor, mask: torch.Tensor, mode: str) -> torch.Tensor:
    """Pools hidden states (B, T, C) to vectors (B, C). Padding, on either side, is ignored."""
    if mode == "max":
        return hidden.masked_fill(mask.unsqueeze(2) == 0, float("-inf")).amax(dim=1)
    length = mask.shape[1]
    first = mask.int().argmax(dim=1, keepdim=True)
    places = torch.arange(1, length + 1, device=mask.device) - first
    last = length - 1 - mask.int().flip(1).argmax(dim=1)
    tokens = mask.sum(dim=1, keepdim=True).clamp(min=1)
    weights = {
        "first": one_hot(first.squeeze(1), length),
        "last": one_hot(last, length),
        "mean": mask / tokens,
        "mean_sqrt_len_tokens": mask / tokens.sqrt(),
        "weightedmean": mask * places / (mask * places).sum(dim=1, keepdim=True).clamp(min=1),
    }[mode]
    return torch.einsum("bt,btc->bc", weights.to(hidden.dtype), hidden)


def pooled_base(name: str, adapter: str | Path) -> PooledForSequenceClassification:
    """Loads the base model for a saved adapter, which contains the trained `classifier`. `name`: the base model's
    folder, or its name on the hub."""
    folder = Path(adapter)
    mapping = json.loads((folder / "adapter_config.json").read_text())["auto_mapping"]
    with safe_open(folder / "adapter_model.safetensors", framework="pt") as file:
        labels, _ = file.get_slice("base_model.model.classifier.weight").get_shape()
    network = AutoModel.from_pretrained(name, dtype=torch.float32)
    model = PooledForSequenceClassification(network, mapping["pooling"], labels)
    load_layers(model, name)
    return model.eval()


def load_layers(model: PooledForSequenceClassification, name: str) -> None:
    """Loads the layers after the pooling, from a folder that `export_model` wrote or from one of sentence-transformers."""
    if not model.layers:
        return
    tensors = stored(Path(name), LAYERS)
    for index, layer in enumerate([] if tensors else model.layers):
        places = [f"{layer['path']}/{file}" for file in ("model.safetensors", "pytorch_model.bin")]
        found = [cached_file(name, place, _raise_exceptions_for_missing_entries=False) for place in places]
        file = next((file for file in found if file is not None), None)
        if file is None:
            raise FileNotFoundError(f"Expected {' or '.join(places)} in {name}")
        is_safe = file.endswith(".safetensors")
        loaded = load_file(file) if is_safe else torch.load(file, map_location="cpu", weights_only=True)
        tensors |= {f"{index}.{key.removeprefix('linear.')}": tensor for key, tensor in loaded.items()}
    model.after_pooling.load_state_dict(tensors)


def stored(folder: Path, prefix: str) -> dict[str, torch.Tensor]:
    """The tensors in a folder's files whose names begin with a prefix, without it."""
    tensors: dict[str, torch.Tensor] = {}
    for shard in folder.glob("*.safetensors"):
        with safe_open(shard, framework="pt") as file:
            keys = file.keys()
            tensors |= {key.removeprefix(prefix): file.get_tensor(key) for key in keys if key.startswith(prefix)}
    return tensors


def pooled_model(name: str | Path) -> PooledForSequenceClassification:
    """Loads a whole model from the folder that `export_model` wrote. If `config.pooling` has a `prompt` or
    `do_lower_case`, texts are written so before they become tokens, and if it has a `max_seq_length`, they are cut
    there: `tokenizer(text, truncation=True, max_length=…)`."""
    folder = Path(name)
    head = stored(folder, HEAD)
    config = AutoConfig.from_pretrained(folder)
    network = AutoModel.from_pretrained(folder, config=config, dtype=torch.float32)
    model = PooledForSequenceClassification(network, config.pooling, len(head["bias"]))
    model.classifier.load_state_dict(head)
    load_layers(model, str(name))
    return model.eval()


def keep_pooling(adapter: Path, saved: Path) -> None:
    """Writes the `auto_mapping` of a folder's adapter to the adapters that PEFT has saved under another, the last one and
    those of checkpoints: for an adapter without a task type, PEFT writes a mapping of its own, without the pooling."""
    mapping = json.loads((adapter / "adapter_config.json").read_text())["auto_mapping"]
    for folder in [saved, *saved.glob("checkpoint-*")]:
        file = folder / "adapter_config.json"
        if folder.resolve() == adapter.resolve() or not file.exists():
            continue
        config = json.loads(file.read_text()) | {"auto_mapping": mapping}
        file.write_text(json.dumps(config, indent=2, sort_keys=True))
