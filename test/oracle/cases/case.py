"""Generates a case: PEFT's results for one configuration on one base model."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from ..places import Json, plain, read_json, write_json
from ..versions import versions
from . import adapters
from .adapters import State, forward, largest_difference, set_state
from .bases import Model
from .cases import CASES
from .inputs import Batch, as_json, is_text, make_batches, real_rows
from .recipe import Recipe
from .training import record, rounded


def make_case(root: Path, name: str) -> None:
    """Writes the folder `cases/NAME` in `root`, which also contains the base model."""
    case = CASES[name]
    recipe = Recipe(case, root / "base" / case.base)
    folder = root / "cases" / name
    shutil.rmtree(folder, ignore_errors=True)
    batches = make_batches(case.inputs, torch.Generator().manual_seed(case.seed))
    batch = batches[0]
    tensors: State = {}

    base_logits, base_loss = forward(recipe.base(), batch)
    tensors["base.logits"] = base_logits
    expect: dict[str, Any] = {"base": {"loss": base_loss}}
    with recipe.otherwise():
        other_logits, _ = forward(recipe.base(other=True), batch)
    noise = {"base_logits": largest_difference(real_rows(base_logits, batch), real_rows(other_logits, batch))}

    model = recipe.fresh()
    facts = _facts(model)
    logits, loss = forward(model, batch)
    # A new adapter changes how PyTorch allocates memory, which may change the last bits of the results.
    apart = largest_difference(real_rows(logits, batch), real_rows(base_logits, batch))
    equal = apart <= noise["base_logits"]
    expect["init"] = {"loss": loss, "equals_base": equal}
    if not equal:
        tensors["init.logits"] = logits
    init = adapters.state_of(model)
    is_vera = adapters.kind_of_adapter(case.config) == adapters.VERA
    if not is_vera:
        drawn = {name: value for name, value in init.items() if ".lora_" in name and bool(value.any())}
        tensors |= _prefixed("init.state", drawn)
    tensors |= _prefixed("init.grad", adapters.gradients(model, batch))

    adapters.randomise(model, case.seed + 1)
    state = adapters.state_of(model)
    expect |= _with_random_values(recipe, model, batch, tensors, noise)

    adapters.save(model, folder / "adapter")
    if is_vera:
        slim = recipe.fresh(save_projection=False)
        set_state(slim, state)
        adapters.save(slim, folder / "adapter_noproj")
    facts["saved_keys"] = saved_shapes(folder / "adapter")

    expect["merged"] = _merged(recipe, model, state, facts["wrapped_modules"], batch, tensors)
    expect["train"] = _trainings(recipe, batches, {"init": init, "random": state}, tensors)

    inputs = {"batch": as_json(batch), "train_batches": [as_json(it) for it in batches]}
    if "pixel_values" in batch:
        tensors |= {f"input.{index}.pixel_values": it["pixel_values"] for index, it in enumerate(batches)}
    save_file({key: value.contiguous() for key, value in tensors.items()}, folder / "tensors.safetensors")
    document = {
        "name": name,
        "about": case.about,
        "versions": versions(),
        "base": f"base/{case.base}",
        "model_class": read_json(recipe.folder / "config.json")["architectures"][0],
        "compare": "logits where attention_mask is 1" if base_logits.ndim == 3 else "all logits",
        "vera_config" if is_vera else "peft_config": case.config,
        **facts,
        "inputs": inputs,
        "expect": expect,
        "noise": noise,
        "tolerance": _tolerance(tensors, batch),
    }
    write_json(folder / "case.json", document)


def _facts(model: Model) -> dict[str, Any]:
    """Returns the facts that PEFT reports about a new adapter."""
    config = plain(model.peft_config["default"].to_dict())
    del config["base_model_name_or_path"]
    parameters, all_parameters = model.get_nb_trainable_parameters()
    return {
        "wrapped_modules": adapters.wrapped_modules(model),
        "adapter_config": config,
        **_projection_shapes(model),
        "trainable": {name: list(it.shape) for name, it in adapters.trainable(model).items()},
        "trainable_parameters": parameters,
        "all_parameters": all_parameters,
    }


def _projection_shapes(model: Model) -> dict[str, Any]:
    if not hasattr(model.base_model, "vera_A"):
        return {}
    A, B = adapters.projections(model)
    return {"projection_shapes": {"vera_A": list(A.shape), "vera_B": list(B.shape)}}


def saved_shapes(adapter: Path) -> Json:
    return {key: list(value.shape) for key, value in sorted(load_file(adapter / "adapter_model.safetensors").items())}


def _with_random_values(recipe: Recipe, model: Model, batch: Batch, tensors: State, noise: dict[str, float]) -> Json:
    """Returns the results with random values in the adapter (`random`), and with the adapter disabled (`disabled`).

    Adds their tensors to `tensors`, and the effect of rounding to `noise`.
    """
    state = adapters.state_of(model)
    logits, loss = forward(model, batch)
    grads = adapters.gradients(model, batch)
    tensors["random.logits"] = logits
    tensors |= _prefixed("random.state", state) | _prefixed("random.grad", grads)
    squares = torch.stack([(grad.double() ** 2).sum() for grad in grads.values()])
    random: dict[str, Any] = {"loss": loss, "grad_norm": squares.sum().sqrt().item()}
    if is_text(recipe.case.inputs):
        random["greedy"] = adapters.greedy(model, batch)
    with adapters.quietly(), model.disable_adapter():
        disabled = {"loss": forward(model, batch)[1]}

    other = recipe.fresh(other=True)
    set_state(other, state)
    with recipe.otherwise():
        other_logits, _ = forward(other, batch)
        other_grads = adapters.gradients(other, batch)
    noise["random_logits"] = largest_difference(real_rows(logits, batch), real_rows(other_logits, batch))
    noise["random_grad"] = max(largest_difference(grad, grads[name]) for name, grad in other_grads.items())
    return {"random": random, "disabled": disabled}


def _merged(
    recipe: Recipe, model: Model, state: State, wrapped: Sequence[Json], batch: Batch, tensors: State
) -> dict[str, Any]:
    """Returns the results of the merged model, and adds its tensors: the weights of the first and the last wrapped
    module, in the layout of the base model."""
    trouble: dict[str, str] = {}
    try:
        base = merged = model.merge_and_unload()
    except AttributeError as error:  # PEFT can't unload a module of `modules_to_save` that contains modules.
        trouble = {"merge_and_unload_error": f"AttributeError: {error}", "obtained_by": "merge_adapter"}
        merged = recipe.fresh()
        set_state(merged, state)
        merged.merge_adapter()
        base = merged.get_base_model()
    modules = list(dict.fromkeys(wrapped[index]["name"] for index in (0, -1)))
    for name in modules:
        module = base.get_submodule(name)
        layer = getattr(module, "base_layer", module)
        tensors[f"merged.weight.{name}"] = layer.weight.detach().clone()
        if adapters.kind_of_adapter(recipe.case.config) == adapters.IA3 and layer.bias is not None:
            tensors[f"merged.bias.{name}"] = layer.bias.detach().clone()
    logits, loss = forward(merged, batch)
    tensors["merged.logits"] = logits
    moved = largest_difference(real_rows(logits, batch), real_rows(tensors["random.logits"], batch))
    return {"loss": loss, "modules": modules, "max_abs_diff_to_unmerged": moved, **trouble}


def _trainings(recipe: Recipe, batches: Sequence[Batch], starts: dict[str, State], tensors: State) -> list[Json]:
    figures = []
    for spec in recipe.case.training:
        figure, final = record(recipe, spec, batches, starts[spec.start])
        figures.append(figure)
        tensors |= _prefixed(f"train.{spec.id}.final", final)
    return figures


def _tolerance(tensors: State, batch: Batch) -> dict[str, float]:
    """Returns tolerances in proportion to the largest values, but no smaller than float32's rounding errors."""
    logits = real_rows(tensors["random.logits"], batch).abs().max().item()
    gradient = max(value.abs().max().item() for name, value in tensors.items() if name.startswith("random.grad."))
    return {
        "loss_abs": 1e-4,
        "logits_abs": round(max(2e-4, 2e-5 * logits), 6),
        "grad_abs": rounded(max(1e-5, 2e-3 * gradient), 3),
        "merged_weight_abs": 1e-5,
    }


def _prefixed(prefix: str, state: State) -> State:
    return {f"{prefix}.{name}": value for name, value in state.items()}
