"""The cases of UniLoRA, by name."""

from collections.abc import Mapping
from typing import Any

from ..cases.case_spec import Case, Training

ADAMW = Training("adamw", 1e-1)
CLIP_DECAY = Training("clip_decay", 1e-1, weight_decay=0.01, max_grad_norm=1.0, start="random")


def unilora(task_type: str | None, target_modules: list[str] | str | None = None, **more: Any) -> Mapping[str, Any]:
    return {"peft_type": "UNILORA", "task_type": task_type, "target_modules": target_modules, **more}


UNILORA_CASES: Mapping[str, Case] = {
    "unilora_llama": Case(
        "llama",
        81234,
        "UniLoRA: all linear modules, a vector whose numbers occur equally often or once more",
        unilora("CAUSAL_LM", "all-linear", r=3, theta_d_length=100),
        training=(ADAMW, CLIP_DECAY),
    ),
    "unilora_gpt2": Case(
        "gpt2",
        81334,
        "UniLoRA: Conv1D layers, biases that train, another seed",
        unilora("CAUSAL_LM", ["c_attn", "c_fc"], fan_in_fan_out=True, bias="unilora_only", proj_seed=7),
        "text, padded right",
        (ADAMW,),
    ),
    "unilora_bert": Case(
        "bert",
        81434,
        "UniLoRA: PEFT's default targets; a head that trains",
        unilora("SEQ_CLS", theta_d_length=64),
        "bert",
        (ADAMW,),
    ),
    "unilora_vit": Case(
        "vit",
        81534,
        "UniLoRA: an image model, a module that trains whole, a vector longer than its matrices, a normal start",
        unilora(
            None,
            ["q_proj", "v_proj"],
            r=2,
            theta_d_length=20000,
            init_weights=False,
            modules_to_save=["classifier"],
        ),
        "images",
        (ADAMW,),
    ),
    "unilora_falcon": Case(
        "falcon",
        81634,
        "UniLoRA: fused q, k and v, and one layer of two",
        unilora("CAUSAL_LM", ["query_key_value", "dense"], layers_to_transform=[1], init_theta_d_bound=0.1),
        "text, padded right",
        (CLIP_DECAY,),
    ),
}
