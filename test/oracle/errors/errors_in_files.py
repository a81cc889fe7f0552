"""Odd situations with the files of adapters."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from ..cases.adapters import State
from ..places import Json
from .scene import TARGETS, TENSORS, R, Scene, Situation, edited, with_config, with_tensors

A, B = "base_model.vera_A", "base_model.vera_B"
OPTIONAL = ("base_model_name_or_path", "auto_mapping", "task_type", "peft_version", "revision")


def file_situations(scene: Scene) -> Mapping[str, Situation]:
    def load(folder: Callable[[], Path]) -> Situation:
        return lambda: scene.load(folder())

    def of_config(change: Callable[[dict[str, Any]], dict[str, Any]], **saved: Any) -> Situation:
        return load(lambda: with_config(scene.saved(**saved), change))

    def of_tensors(change: Callable[[State], State]) -> Situation:
        return load(lambda: with_tensors(scene.saved(), change))

    def renamed(to: Callable[[str], str]) -> Situation:
        return of_tensors(lambda file: {to(name): tensor for name, tensor in file.items()})

    def changed(which: Callable[[str], bool], to: Callable[[torch.Tensor], torch.Tensor]) -> Situation:
        return of_tensors(lambda file: {name: to(it) if which(name) else it for name, it in file.items()})

    def without(which: Callable[[str], bool]) -> Situation:
        return of_tensors(lambda file: {name: tensor for name, tensor in file.items() if not which(name)})

    return {
        "load: saved with projections": load(scene.saved),
        "load: saved without projections": load(lambda: scene.saved(save_projection=False)),
        "load: config says save_projection True, file has no projections": of_config(
            lambda config: {**config, "save_projection": True}, save_projection=False
        ),
        "load: config says save_projection False, file has projections": of_config(
            lambda config: {**config, "save_projection": False}
        ),
        "load: a lambda_b is missing": without(lambda name: "layers.0.self_attn.q_proj.vera_lambda_b" in name),
        "load: vera_B is missing": without(lambda name: name == B),
        "load: an unknown tensor is there": of_tensors(
            lambda file: {**file, "base_model.model.extra.vera_lambda_b": torch.zeros(3)}
        ),
        "load: lambda_d has another length": changed(lambda name: name.endswith("lambda_d"), lambda it: it[:2]),
        "load: every value of vera_A in the file is doubled": changed(lambda name: name == A, lambda it: it * 2),
        "load: vera_A is larger than the base needs": changed(
            lambda name: name == A, lambda it: torch.cat([it, it], 1)
        ),
        "load: lambdas in float16": changed(lambda name: "lambda" in name, lambda it: it.half()),
        "load: names without the leading base_model.model.": renamed(
            lambda name: name.replace("base_model.model.", "", 1)
        ),
        "load: the adapter name `.default` left in the names": renamed(lambda name: f"{name}.default"),
        "load: config has an unknown field": of_config(lambda config: {**config, "made_by": "someone"}),
        f"load: config lacks {', '.join(OPTIONAL)}": of_config(
            lambda config: {field: value for field, value in config.items() if field not in OPTIONAL}
        ),
        "load: config holds only peft_type, r, target_modules": of_config(
            lambda config: {"peft_type": "VERA", "r": R, "target_modules": TARGETS}
        ),
        "load: config has no peft_type": of_config(
            lambda config: {field: value for field, value in config.items() if field != "peft_type"}
        ),
        "load: config has another rank than the file": of_config(lambda config: {**config, "r": 2}),
        "load: target_modules name nothing in the model": of_config(
            lambda config: {**config, "target_modules": ["nope"]}
        ),
        "load: no adapter_model.safetensors": load(lambda: edited(scene.saved(), lambda it: (it / TENSORS).unlink())),
        "load_adapter: target_modules name nothing in the model": lambda: _nothing_second(scene),
        "load_adapter: an adapter of narrow layers second, after one of wide layers, projections saved": (
            lambda: _narrow_second(scene, save_projection=True)
        ),
        "load_adapter: an adapter of narrow layers second, after one of wide layers, projections not saved": (
            lambda: _narrow_second(scene, save_projection=False)
        ),
        "load_adapter: the second file's projections differ from the first's": lambda: _other_projections(scene),
    }


def _nothing_second(scene: Scene) -> None:
    other = with_config(scene.saved(), lambda config: {**config, "target_modules": ["nope"]})
    scene.loaded(scene.saved()).load_adapter(os.fspath(other), "second")


def _narrow_second(scene: Scene, *, save_projection: bool) -> Json:
    """Loads an adapter that was trained alone as the second one, after one with wider layers and so wider A and B."""
    saved = {"save_projection": save_projection}
    narrow = scene.saved(**saved)
    wide = scene.saved(target_modules=[*TARGETS, "fc1", "fc2"], **saved)
    alone = scene.loaded(narrow)
    model = scene.loaded(wide)
    model.load_adapter(os.fspath(narrow), "narrow")
    model.set_adapter("narrow")
    return {"loss_alone": scene.loss(alone), "loss_as_second": scene.loss(model)}


def _other_projections(scene: Scene) -> Json:
    """Loads a second file with the same shapes and the same key, but with different values of A."""
    other = with_tensors(scene.saved(), lambda file: {name: it * 2 if name == A else it for name, it in file.items()})
    model = scene.loaded(scene.saved())
    before = scene.loss(model)
    model.load_adapter(os.fspath(other), "second")
    model.set_adapter("default")
    return {"first_before": before, "first_after": scene.loss(model)}
