"""The cases of LoRA and DoRA, by name."""

from collections.abc import Mapping
from typing import Any

from ..cases.case_spec import Case, Training

ADAMW = Training("adamw", 5e-3)
CLIP_DECAY = Training("clip_decay", 2e-3, weight_decay=0.01, max_grad_norm=1.0, start="random")


def lora(r: int, target_modules: list[str] | None, task_type: str = "CAUSAL_LM", **more: Any) -> Mapping[str, Any]:
    return {"peft_type": "LORA", "r": r, "target_modules": target_modules, "task_type": task_type, **more}


LORA_CASES: Mapping[str, Case] = {
    "lora_llama": Case(
        "llama",
        61234,
        "LoRA: ranks and alphas of single layers; q, k and v share an input",
        lora(
            4,
            ["q_proj", "k_proj", "v_proj", "down_proj"],
            lora_alpha=6,
            rank_pattern={"down_proj": 2},
            alpha_pattern={"layers.1.self_attn.q_proj": 3},
        ),
        training=(ADAMW,),
    ),
    "lora_gpt2": Case(
        "gpt2",
        61334,
        "LoRA: Conv1D layers, rank-stabilised scale, normal numbers at the start, trained biases",
        lora(
            5,
            ["c_attn", "c_proj"],
            lora_alpha=4,
            use_rslora=True,
            init_lora_weights="gaussian",
            bias="lora_only",
            fan_in_fan_out=True,
        ),
        "text, padded right",
        (CLIP_DECAY,),
    ),
    "lora_bert": Case(
        "bert",
        61434,
        "LoRA: biases of lora_B, a start that changes the model, a head that trains",
        lora(2, ["query", "value"], "SEQ_CLS", lora_alpha=4, lora_bias=True, init_lora_weights=False),
        "bert",
        (ADAMW,),
    ),
    "lora_vit": Case(
        "vit",
        61534,
        "LoRA: excluded modules, an image model",
        {
            "peft_type": "LORA",
            "r": 2,
            "target_modules": ["q_proj", "v_proj"],
            "exclude_modules": ["layers.0.attention.q_proj"],
            "modules_to_save": ["classifier"],
        },
        "images",
        (ADAMW,),
    ),
    "lora_modernbert": Case(
        "modernbert-cls",
        62834,
        "LoRA: fused layers of an encoder, a head over the first token",
        lora(4, ["Wqkv", "Wi"], "SEQ_CLS", lora_alpha=6),
        "distilbert",
        (ADAMW,),
    ),
    "lora_dinov2": Case(
        "dinov2",
        62934,
        "LoRA: an embedding of images that trains, through its resized positions, and factors that train",
        {
            "peft_type": "LORA",
            "r": 2,
            "target_modules": ["q_proj", "o_proj"],
            "modules_to_save": ["classifier", "dinov2.embeddings", "layer_scale1"],
        },
        "images",
        (ADAMW,),
    ),
    "lora_gemma3_both_ways": Case(
        "gemma3-both-ways",
        64834,
        "LoRA: PEFT's default targets in a decoder whose tokens attend to both sides",
        lora(4, None, "SEQ_CLS", lora_alpha=8),
        "decoder",
        (ADAMW,),
    ),
    "lora_siglip": Case(
        "siglip",
        65034,
        "LoRA: layers of attention, of which classification doesn't use one",
        {
            "peft_type": "LORA",
            "r": 2,
            "target_modules": ["q_proj", "out_proj"],
            "modules_to_save": ["classifier"],
        },
        "images",
        (ADAMW,),
    ),
    "lora_falcon": Case(
        "falcon",
        61634,
        "LoRA: PEFT's default targets, fused q, k and v",
        lora(8, None, lora_alpha=16),
        training=(CLIP_DECAY,),
    ),
    "lora_lfm2": Case(
        "lfm2",
        65134,
        "LoRA: layers before and after a convolution, whose weight trains whole",
        lora(4, ["in_proj", "out_proj", "w2"], lora_alpha=6, modules_to_save=["conv.conv"]),
        "text, padded right",
        (ADAMW,),
    ),
    "lora_gpt_neo": Case(
        "gpt-neo-local",
        64734,
        "LoRA: PEFT's default targets, a window in the only layer, a head that trains",
        lora(4, None, "SEQ_CLS", lora_alpha=8),
        "decoder",
        (ADAMW,),
    ),
    "lora_gpt_neox": Case(
        "gpt-neox",
        64634,
        "LoRA: PEFT's default targets, fused q, k and v of each head",
        lora(4, None, lora_alpha=8),
        "text, padded right",
        (CLIP_DECAY,),
    ),
    "dora_llama": Case(
        "llama",
        61834,
        "DoRA: ranks and alphas of single layers; q, k and v share an input",
        lora(
            4,
            ["q_proj", "k_proj", "v_proj", "down_proj"],
            use_dora=True,
            lora_alpha=6,
            rank_pattern={"down_proj": 2},
            alpha_pattern={"layers.1.self_attn.q_proj": 3},
        ),
        training=(ADAMW,),
    ),
    "dora_gpt2": Case(
        "gpt2",
        61934,
        "DoRA: Conv1D layers, rank-stabilised scale, normal numbers at the start, trained biases",
        lora(
            5,
            ["c_attn", "c_proj"],
            use_dora=True,
            lora_alpha=4,
            use_rslora=True,
            init_lora_weights="gaussian",
            bias="lora_only",
            fan_in_fan_out=True,
        ),
        "text, padded right",
        (CLIP_DECAY,),
    ),
    "dora_bert": Case(
        "bert",
        62034,
        "DoRA: a start with random matrices, whose lengths of rows include them, a head that trains",
        lora(2, ["query", "value"], "SEQ_CLS", use_dora=True, lora_alpha=4, init_lora_weights=False),
        "bert",
        (ADAMW,),
    ),
    "dora_vit": Case(
        "vit",
        62134,
        "DoRA: excluded modules, an image model",
        {
            "peft_type": "LORA",
            "r": 2,
            "use_dora": True,
            "target_modules": ["q_proj", "v_proj"],
            "exclude_modules": ["layers.0.attention.q_proj"],
            "modules_to_save": ["classifier"],
        },
        "images",
        (ADAMW,),
    ),
    "dora_falcon": Case(
        "falcon",
        62234,
        "DoRA: PEFT's default targets, fused q, k and v",
        lora(8, None, use_dora=True, lora_alpha=16),
        training=(CLIP_DECAY,),
    ),
}
