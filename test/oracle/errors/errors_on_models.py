"""Odd situations with configurations, and with adapters on a model."""

from collections.abc import Mapping
from typing import Any

import torch
from peft import VeraConfig, get_peft_model, get_peft_model_state_dict

from ..cases.adapters import forward
from ..cases.bases import Model
from ..places import Json
from .scene import R, Scene, Situation, config


def model_situations(scene: Scene) -> Mapping[str, Situation]:
    def create(**changes: Any) -> Situation:
        return lambda: _nothing(scene.vera(**changes))

    def second(*, run: bool = True, **changes: Any) -> Situation:
        """Returns a situation that adds a second adapter; with `run`, the model also computes with it."""

        def add() -> None:
            model = scene.vera()
            model.add_adapter("second", config(**changes))
            model.set_adapter("second")
            if run:
                forward(model, scene.batch)

        return add

    return {
        "r is 0": create(r=0),
        "target_modules names nothing in the model": create(target_modules=["nope"]),
        "target_modules names an embedding": create(target_modules=["embed_tokens"]),
        "target_modules names a linear layer and an embedding": create(target_modules=["q_proj", "embed_tokens"]),
        "target_modules names a container": create(target_modules=["self_attn"]),
        "target_modules is an empty list": create(target_modules=[]),
        "bias has an unknown value": create(bias="some"),
        "bias is lora_only": create(bias="lora_only"),
        "layers_pattern without layers_to_transform": create(layers_pattern="layers"),
        "layers_pattern with an empty layers_to_transform": create(layers_pattern="layers", layers_to_transform=[]),
        "layers_pattern with layers_to_transform 0": create(layers_pattern="layers", layers_to_transform=0),
        "layers_to_transform with a regular expression": create(target_modules=".*q_proj", layers_to_transform=[0]),
        "layers_to_transform out of range": create(layers_to_transform=[9]),
        "save_projection False in a new config": lambda: _nothing(config(save_projection=False)),
        "fan_in_fan_out True over torch.nn.Linear": create(fan_in_fan_out=True),
        "fan_in_fan_out False over Conv1D": lambda: _nothing(
            get_peft_model(scene.base("gpt2"), config(target_modules=["c_attn"]))
        ),
        "second adapter, same config": second(),
        "second adapter with another projection_prng_key": second(projection_prng_key=1),
        "second adapter with another save_projection": second(save_projection=False),
        "second adapter with a higher rank": second(r=8),
        "second adapter with a lower rank: adding it": second(r=2, run=False),
        "second adapter with a lower rank: forward": second(r=2),
        "second adapter with a larger layer": second(target_modules=["fc1"]),
        "second adapter with a layer of larger input": second(target_modules=["fc2"]),
        "second adapter on other layers of the same shape": second(target_modules=["k_proj"]),
        "second adapter whose target_modules name nothing in the model": second(target_modules=["nope"]),
        "adapter name contained in the prefix vera_lambda_": lambda: _nothing(
            get_peft_model(scene.base(), config(), adapter_name="b")
        ),
        "set_adapter with an unknown name": lambda: scene.vera().set_adapter("none"),
        "delete_adapter with an unknown name": lambda: scene.vera().delete_adapter("none"),
        "delete_adapter while it is merged": lambda: _delete_merged(scene.vera()),
        "the only adapter is deleted, then forward": lambda: _delete_only(scene, scene.vera()),
        "merge_adapter twice": lambda: _merge_twice(scene.vera()),
        "unmerge_adapter without a merge": lambda: scene.vera().unmerge_adapter(),
        "merge_and_unload(safe_merge=True) with a NaN in lambda_b": lambda: _merge_nan(scene.vera()),
        "merge_and_unload on RoBERTa for sequence classification": lambda: _merge_roberta(scene.base("roberta")),
        "last name parts saved with bias='vera_only'": lambda: _last_parts(scene.vera(bias="vera_only")),
        "last name parts saved with bias='all'": lambda: _last_parts(scene.vera(bias="all")),
    }


def _nothing(_: object) -> None:
    """Returns the result of a situation that raises no error and has nothing else to report."""


def _delete_only(scene: Scene, model: Model) -> Json:
    model.delete_adapter("default")
    return {"loss": scene.loss(model), "peft_config": list(model.peft_config)}


def _delete_merged(model: Model) -> None:
    model.merge_adapter()
    model.delete_adapter("default")


def _merge_twice(model: Model) -> None:
    model.merge_adapter()
    model.merge_adapter()


@torch.no_grad()
def _merge_nan(model: Model) -> None:
    for name, parameter in model.named_parameters():
        if "vera_lambda_b" in name:
            parameter.fill_(float("nan"))
    model.merge_and_unload(safe_merge=True)


def _merge_roberta(base: Model) -> None:
    get_peft_model(base, VeraConfig(r=R, target_modules=["query"], task_type="SEQ_CLS")).merge_and_unload()


def _last_parts(model: Model) -> list[str]:
    return sorted({name.split(".")[-1] for name in get_peft_model_state_dict(model)})
