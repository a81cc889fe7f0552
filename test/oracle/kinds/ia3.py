"""The cases of (IA)³, by name."""

from collections.abc import Mapping
from typing import Any

from ..cases.case_spec import Case, Training

ADAMW = Training("adamw", 5e-3)
CLIP_DECAY = Training("clip_decay", 1e-2, weight_decay=0.01, max_grad_norm=1.0, start="random")


def ia3(
    task_type: str | None,
    target_modules: list[str] | None = None,
    feedforward_modules: list[str] | None = None,
    **more: Any,
) -> Mapping[str, Any]:
    targets = {"target_modules": target_modules, "feedforward_modules": feedforward_modules}
    return {"peft_type": "IA3", "task_type": task_type, **targets, **more}


IA3_CASES: Mapping[str, Case] = {
    "ia3_llama": Case(
        "llama",
        71234,
        "(IA)³: PEFT's default targets; k and v share an input with a layer that isn't scaled",
        ia3("CAUSAL_LM"),
        training=(ADAMW, CLIP_DECAY),
    ),
    "ia3_gpt2": Case(
        "gpt2",
        71334,
        "(IA)³: Conv1D layers with biases, which merging scales too",
        ia3("CAUSAL_LM", fan_in_fan_out=True),
        "text, padded right",
        (ADAMW,),
    ),
    "ia3_bert": Case(
        "bert",
        71434,
        "(IA)³: PEFT's default targets, of which one is the end of two names; a head that trains",
        ia3("SEQ_CLS"),
        "bert",
        (ADAMW,),
    ),
    "ia3_vit": Case(
        "vit",
        71534,
        "(IA)³: excluded modules, an image model, a module that trains whole",
        ia3(
            None,
            ["q_proj", "v_proj", "fc2"],
            ["fc2"],
            exclude_modules=["layers.0.attention.q_proj"],
            modules_to_save=["classifier"],
        ),
        "images",
        (ADAMW,),
    ),
    "ia3_falcon": Case(
        "falcon",
        71634,
        "(IA)³: fused q, k and v, and outputs that the residual stream takes",
        ia3("CAUSAL_LM", ["query_key_value", "dense", "dense_4h_to_h"], ["query_key_value"]),
        "text, padded right",
        (CLIP_DECAY,),
    ),
}
