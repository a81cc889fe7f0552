"""Runs real PEFT for tests: reads a JSON request from each line of standard input, and prints a line with the answer.

A request is {"command": NAME, ...arguments of the function NAME}. An answer is {"result": ...} or {"error": TEXT}.
Folders are given by their paths. Everything is float32 on the CPU.
"""

import json
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import transformers
from peft import (
    IA3Config,
    LoraConfig,
    PeftConfig,
    PeftModel,
    UniLoraConfig,
    VeraConfig,
    get_peft_model,
    get_peft_model_state_dict,
)
from safetensors.torch import load_file
from transformers.utils import logging

Batch = dict[str, list[list[int]]]
CONFIGS: dict[str, type[PeftConfig]] = {
    "VERA": VeraConfig,
    "LORA": LoraConfig,
    "IA3": IA3Config,
    "UNILORA": UniLoraConfig,
}


def open_base(folder: str) -> Any:
    """Loads a model of the class that its config.json names, or a language model from a GGUF file."""
    path = Path(folder)
    if path.suffix == ".gguf":
        return transformers.AutoModelForCausalLM.from_pretrained(
            path.parent, gguf_file=path.name, dtype=torch.float32
        ).eval()
    config = json.loads((Path(folder) / "config.json").read_text(encoding="utf-8"))
    return getattr(transformers, config["architectures"][0]).from_pretrained(folder, dtype=torch.float32).eval()


def open_adapter(base: str, adapter: str, trainable: bool = False) -> Any:
    """Loads an adapter. Missing, unexpected or changed tensors are errors here, though PEFT only warns."""
    model = PeftModel.from_pretrained(open_base(base), adapter, is_trainable=trainable).eval()
    file = load_file(Path(adapter) / "adapter_model.safetensors")
    taken = get_peft_model_state_dict(model)
    missing, unexpected = taken.keys() - file.keys(), file.keys() - taken.keys()
    if missing or unexpected:
        raise ValueError(f"missing: {sorted(missing)}, unexpected: {sorted(unexpected)}")
    # A float16 file is compared in float32.
    changed = [name for name, tensor in file.items() if not torch.equal(tensor.to(taken[name].dtype), taken[name])]
    if changed:
        raise ValueError(f"not the file's values: {changed}")
    return model


def tensors(batch: Batch) -> dict[str, torch.Tensor]:
    return {name: torch.tensor(rows) for name, rows in batch.items()}


def forward(
    base: str,
    batch: Batch,
    adapter: str | None = None,
    merge: bool = False,
    prompt: list[int] | None = None,
    new_tokens: int = 0,
) -> dict[str, Any]:
    """Computes logits, loss, and greedy tokens after a prompt, with a base model, an adapter on it, or the merged
    model."""
    model: Any = open_base(base) if adapter is None else open_adapter(base, adapter)
    peft_type = None if adapter is None else model.active_peft_config.peft_type
    if merge:
        model = model.merge_and_unload(safe_merge=True)
    with torch.no_grad():
        output = model(**tensors(batch))
    return {
        "peft_type": peft_type,
        "loss": float(output.loss),
        "logits": output.logits.float().flatten().tolist(),
        "greedy": greedy(model, prompt, new_tokens) if prompt else [],
    }


def greedy(model: Any, prompt: list[int], new_tokens: int) -> list[int]:
    """Generates the likeliest tokens one by one. Ignores the model's generation_config."""
    ids = list(prompt)
    for _ in range(new_tokens):
        with torch.no_grad():
            ids.append(int(model(input_ids=torch.tensor([ids])).logits[0, -1].argmax()))
    return ids[len(prompt) :]


def train(
    base: str,
    batches: list[Batch],
    learning_rate: float,
    steps: int,
    weight_decay: float = 0.0,
    config: dict[str, Any] | None = None,
    adapter: str | None = None,
    moments: str | None = None,
    done: int = 0,
    out: str | None = None,
) -> dict[str, Any]:
    """Trains a new adapter, or the adapter in a folder, with AdamW. The batches take turns, one for each step.

    `moments` is a safetensors file with AdamW's state after `done` steps: `NAME.exp_avg` and `NAME.exp_avg_sq`, where
    NAME is torch's name of a parameter. Training then continues with the batch of the next step.
    """
    if config is not None:
        torch.manual_seed(0)
        model: Any = get_peft_model(open_base(base), CONFIGS[config.get("peft_type", "VERA")](**config))
    elif adapter is not None:
        model = open_adapter(base, adapter, trainable=True)
    else:
        raise ValueError("expected config or adapter")
    model.eval()
    trainable = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
    optimizer = torch.optim.AdamW(trainable.values(), lr=learning_rate, weight_decay=weight_decay)
    if moments is not None:
        restore(optimizer, trainable, moments, done)
    losses = []
    for step in range(done, done + steps):
        optimizer.zero_grad()
        loss = model(**tensors(batches[step % len(batches)])).loss
        loss.backward()
        optimizer.step()
        losses.append(float(loss))
    if out is not None:
        model.save_pretrained(out)
    return {"losses": losses}


def restore(optimizer: torch.optim.AdamW, trainable: dict[str, Any], moments: str, done: int) -> None:
    saved = load_file(moments)
    for name, parameter in trainable.items():
        optimizer.state[parameter] = {
            "step": torch.tensor(float(done)),
            "exp_avg": saved[f"{name}.exp_avg"].reshape(parameter.shape),
            "exp_avg_sq": saved[f"{name}.exp_avg_sq"].reshape(parameter.shape),
        }


COMMANDS: dict[str, Callable[..., dict[str, Any]]] = {"forward": forward, "train": train}


def answer(line: str) -> dict[str, Any]:
    request = json.loads(line)
    command = COMMANDS[request.pop("command")]
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            result = command(**request)
    except Exception as error:  # the test reports every error
        return {"error": f"{type(error).__name__}: {error}"}
    return {"result": {**result, "warnings": [str(each.message) for each in caught if each.category is UserWarning]}}


if __name__ == "__main__":
    torch.set_num_threads(1)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    for request in sys.stdin:
        print(json.dumps(answer(request)), flush=True)
