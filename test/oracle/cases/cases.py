"""The cases, by name: each has an adapter on a base model, and the results that are computed with it.

The seed of a case never changes, because the seed determines inputs and values.
"""

from collections.abc import Mapping
from typing import Any

from ..kinds.ia3 import IA3_CASES
from ..kinds.lora import LORA_CASES
from ..kinds.unilora import UNILORA_CASES
from .case_spec import Case, Training

SMALL, MID, BIG = 4, 8, 64
"""The ranks of the adapters: below and above the widths of the layers."""
KEY_0, KEY_42, KEY_2_31 = 0, 42, 2147483648

ADAMW = Training("adamw", 5e-3)
CLIP_DECAY = Training("clip_decay", 1e-2, weight_decay=0.01, max_grad_norm=1.0, start="random")
CLIP_TIGHT = Training("clip_tight", 1e-2, max_grad_norm=0.2, start="random")
WARMUP = Training("warmup", 1e-2, warmup_steps=3)
CONTRAST = Training("contrast", 1e-2, weight_decay=0.01, max_grad_norm=1.0, contrast=0.1, start="random")
CONTRAST_ACCUMULATE = Training("contrast_accumulate", 5e-3, accumulate=2, contrast=0.5)
ACCUMULATE_MEAN = Training("accumulate_mean", 5e-3, accumulate=2, normalise="mean_of_means")
ACCUMULATE_TOKENS = Training("accumulate_tokens", 5e-3, accumulate=2, normalise="token_mean")


def causal(r: int, key: int, target_modules: str | list[str] | None, **more: Any) -> Mapping[str, Any]:
    targets = {} if target_modules is None else {"target_modules": target_modules}
    return {"r": r, **targets, **more, "projection_prng_key": key, "task_type": "CAUSAL_LM"}


def classifier(r: int, key: int, target_modules: list[str], **more: Any) -> Mapping[str, Any]:
    return {**causal(r, key, target_modules, **more), "task_type": "SEQ_CLS"}


def tagger(r: int, key: int, target_modules: list[str], **more: Any) -> Mapping[str, Any]:
    return {**causal(r, key, target_modules, **more), "task_type": "TOKEN_CLS"}


def untold(r: int, key: int, target_modules: list[str], **more: Any) -> Mapping[str, Any]:
    """Returns a configuration without a task type."""
    return {"r": r, "target_modules": target_modules, **more, "projection_prng_key": key}


CASES: Mapping[str, Case] = {
    **IA3_CASES,
    **LORA_CASES,
    **UNILORA_CASES,
    "gpt2_all_mid": Case(
        "gpt2",
        11234,
        "Conv1D layers of four different shapes; c_proj names two layers per block",
        causal(MID, KEY_0, ["c_attn", "c_proj", "c_fc"], fan_in_fan_out=True),
        training=(ADAMW, CLIP_DECAY, CLIP_TIGHT),
    ),
    "gpt2_layer1_small": Case(
        "gpt2",
        11334,
        "one block only, through layers_to_transform and layers_pattern",
        causal(SMALL, KEY_42, ["c_attn"], fan_in_fan_out=True, layers_to_transform=[1], layers_pattern="h"),
        "text, padded right",
        (CLIP_DECAY,),
    ),
    "gpt2_bare_notask": Case(
        "gpt2-bare",
        11434,
        "base file without `transformer.` in its names and with mask buffers; no task_type, so the saved config has "
        "auto_mapping; the target `mlp.c_proj` matches by a longer suffix",
        untold(MID, KEY_0, ["c_attn", "mlp.c_proj"], fan_in_fan_out=True),
        training=(ADAMW,),
    ),
    "opt_bias_mid": Case(
        "opt",
        11534,
        "bias='vera_only': the biases of the wrapped layers train too",
        causal(MID, KEY_0, ["q_proj", "v_proj", "fc1", "fc2"], bias="vera_only"),
        "text, padded right",
        (ADAMW, WARMUP),
    ),
    "opt_left_big": Case(
        "opt",
        11634,
        "left padding; rank above the layer width",
        causal(BIG, KEY_2_31, ["q_proj", "v_proj"]),
        "text, padded left",
        (WARMUP,),
    ),
    "opt_postnorm_mid": Case(
        "opt-postnorm",
        11734,
        "layer norm after, project_in/project_out, target_modules='all-linear'",
        causal(MID, KEY_42, "all-linear"),
        training=(ADAMW,),
    ),
    "llama_qvud_big": Case(
        "llama",
        11834,
        "grouped-query layers of four shapes",
        causal(BIG, KEY_0, ["q_proj", "v_proj", "up_proj", "down_proj"]),
        training=(ADAMW, WARMUP),
    ),
    "llama_layer0_small": Case(
        "llama",
        11934,
        "all-linear with layers_to_transform as one integer; gradient accumulation",
        causal(SMALL, KEY_42, "all-linear", layers_to_transform=0),
        "text, padded right",
        (ACCUMULATE_MEAN, ACCUMULATE_TOKENS),
    ),
    "llama_unseen_small": Case(
        "llama",
        14334,
        "a label after left padding, predicted from a place that sees no token: zeros by sdpa",
        causal(SMALL, KEY_42, ["q_proj", "v_proj"]),
        "text, padded left, first token learnt",
    ),
    "llama3_tied_mid": Case(
        "llama3-tied",
        12034,
        "target_modules as a regular expression, d_initial 1.0, tied head, llama3 rotary scaling, left padding "
        "(positions count from the row's start, padding included)",
        causal(MID, KEY_2_31, r".*\.(q_proj|k_proj|o_proj|gate_proj)", d_initial=1.0),
        "text, padded left",
        (ADAMW,),
    ),
    "llama_bf16_mid": Case(
        "llama-bf16",
        12134,
        "base stored in bfloat16, computed in float32; full multi-head",
        causal(MID, KEY_0, ["q_proj", "v_proj"]),
        training=(ADAMW,),
    ),
    "qwen2_bias_mid": Case(
        "qwen2",
        12234,
        "q/k/v have biases and train them, o_proj has none",
        causal(MID, KEY_0, ["q_proj", "k_proj", "v_proj", "o_proj"], bias="vera_only"),
        "text, padded right",
        (CLIP_DECAY,),
    ),
    "roberta_seqcls_big": Case(
        "roberta",
        12834,
        "modules_to_save named by hand, no task_type; the classifier is a module of two layers",
        untold(BIG, KEY_42, ["query", "key", "intermediate.dense"], modules_to_save=["classifier"]),
        "roberta",
        (ADAMW,),
    ),
    "roberta_embeddings_small": Case(
        "roberta",
        14034,
        "the embeddings train whole, over rows whose padding is read: its rows of words and positions learn nothing",
        untold(SMALL, KEY_42, ["query"], modules_to_save=["roberta.embeddings"]),
        "roberta, padding read",
        (ADAMW,),
    ),
    "qwen2_f16_shards_small": Case(
        "qwen2-f16-shards",
        12334,
        "base stored in float16 in several files with an index, computed in float32",
        causal(SMALL, KEY_42, ["q_proj", "down_proj"]),
        training=(ADAMW,),
    ),
    "qwen3_mid": Case(
        "qwen3",
        12434,
        "q_norm/k_norm; head_dim times heads differs from the hidden size",
        causal(MID, KEY_0, ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj"]),
        "text, padded right",
        (ADAMW,),
    ),
    "olmo2_mid": Case(
        "olmo2",
        25334,
        "norms after attention and MLP, none before; a norm over all heads' queries, and one over their keys",
        causal(MID, KEY_0, ["q_proj", "k_proj", "v_proj", "o_proj", "down_proj"]),
        "text, padded right",
        (ADAMW, CLIP_DECAY),
    ),
    "lfm2_left_mid": Case(
        "lfm2",
        60034,
        "gated convolutions over time beside attention, left padding; every linear layer of a block",
        causal(MID, KEY_0, "all-linear"),
        "text, padded left",
        (ADAMW, CLIP_DECAY),
    ),
    "gemma_mid": Case(
        "gemma",
        12534,
        "norm weight plus one, scaled embeddings, GeGLU, one kv head",
        causal(MID, KEY_2_31, "all-linear"),
        training=(ADAMW,),
    ),
    "gemma3_mid": Case(
        "gemma3",
        12634,
        "sliding and full attention layers, two rotary bases, four norms per block",
        causal(MID, KEY_0, ["q_proj", "v_proj"]),
        training=(ADAMW,),
    ),
    "gemma3_both_ways_seqcls_mid": Case(
        "gemma3-both-ways",
        48034,
        "attention to both sides, in one layer within a window, as in EmbeddingGemma; a head over the last token",
        classifier(MID, KEY_2_31, ["q_proj", "k_proj", "v_proj", "down_proj"]),
        "decoder",
        (ADAMW, CLIP_DECAY),
    ),
    "gemma2_capped_mid": Case(
        "gemma2",
        13834,
        "capped scores and logits; no norms of heads",
        causal(MID, KEY_42, ["q_proj", "k_proj", "v_proj", "o_proj", "down_proj"]),
        "text, padded right",
        (ADAMW, CLIP_DECAY),
    ),
    "bert_seqcls_mid": Case(
        "bert",
        12734,
        "sequence classification; PEFT adds the classifier to modules_to_save by itself",
        classifier(MID, KEY_0, ["query", "value"]),
        "bert",
        (ADAMW, CLIP_DECAY),
    ),
    "bert_contrast_mid": Case(
        "bert",
        15534,
        "supervised contrast of the head's inputs; the head doesn't train, and weight decay leaves it alone",
        classifier(MID, KEY_42, ["query", "value"]),
        "bert, in pairs",
        (CONTRAST, CONTRAST_ACCUMULATE),
    ),
    "bert_multilabel_mid": Case(
        "bert-multilabel",
        14134,
        "several labels at once, binary cross-entropy",
        classifier(MID, KEY_0, ["query", "value"]),
        "bert, several labels",
        (ADAMW,),
    ),
    "bert_numbers_mid": Case(
        "bert-numbers",
        14234,
        "several numbers, mean squared error",
        classifier(MID, KEY_42, ["query", "value"]),
        "bert, several numbers",
        (ADAMW,),
    ),
    "roberta_regression_mid": Case(
        "roberta-regression",
        12934,
        "one output, mean squared error",
        classifier(MID, KEY_0, ["query", "value"]),
        "regression",
        (ADAMW,),
    ),
    "vit_mid": Case(
        "vit",
        13034,
        "image classification; module names as transformers 5 has them in memory, others than in the file",
        untold(MID, KEY_0, ["q_proj", "v_proj", "fc1"], modules_to_save=["classifier"]),
        "images",
        (ADAMW,),
    ),
    "dinov2_mid": Case(
        "dinov2",
        27234,
        "image classification by the first token and the mean of the patches; blocks whose results are scaled; a table "
        "of positions that is resized",
        untold(MID, KEY_0, ["q_proj", "v_proj", "fc1"], modules_to_save=["classifier"]),
        "images",
        (ADAMW,),
    ),
    "dinov2_registers_small": Case(
        "dinov2-registers",
        27334,
        "registers, and a table of positions that is shrunk with antialiasing",
        untold(SMALL, KEY_42, ["k_proj", "fc2"], modules_to_save=["classifier"]),
        "images",
        (ADAMW,),
    ),
    "clip_mid": Case(
        "clip",
        27434,
        "image classification by the mean of the patches, in the tower for images of a model with two; quick_gelu",
        untold(MID, KEY_0, ["q_proj", "v_proj", "fc1"], modules_to_save=["classifier"]),
        "images",
        (ADAMW,),
    ),
    "siglip_small": Case(
        "siglip",
        27534,
        "no token for the whole image; an adapter also on a layer that classification doesn't use",
        untold(SMALL, KEY_42, ["k_proj", "fc2"], modules_to_save=["classifier"]),
        "images",
        (ADAMW,),
    ),
    "falcon_default_mid": Case(
        "falcon",
        13134,
        "no target_modules: PEFT's default for falcon, query_key_value; one kv head, attention and MLP in parallel on "
        "one norm",
        causal(MID, KEY_42, None),
        "text, padded right",
        (ADAMW, CLIP_DECAY),
    ),
    "falcon_new_all_mid": Case(
        "falcon-new",
        13234,
        "new decoder: grouped queries in one fused layer, two norms in parallel; every linear layer of a block",
        causal(MID, KEY_0, ["query_key_value", "dense", "dense_h_to_4h", "dense_4h_to_h"]),
        training=(ADAMW, WARMUP),
    ),
    "gpt_neo_left_mid": Case(
        "gpt-neo",
        46234,
        "scores that aren't scaled, a window in one layer of two; every linear layer of a block",
        causal(MID, KEY_0, ["q_proj", "k_proj", "v_proj", "out_proj", "c_fc", "c_proj"]),
        "text, padded left",
        (ADAMW, CLIP_DECAY),
    ),
    "gpt_neox_left_mid": Case(
        "gpt-neox",
        46034,
        "attention and MLP in parallel, heads that are rotated in part, interleaved q, k and v; every linear layer of "
        "a block",
        causal(MID, KEY_0, ["query_key_value", "dense", "dense_h_to_4h", "dense_4h_to_h"]),
        "text, padded left",
        (ADAMW, CLIP_DECAY),
    ),
    "gpt_neox_seqcls_small": Case(
        "gpt-neox-sequential",
        46134,
        "the MLP after attention, attention without biases, heads that are rotated whole",
        classifier(SMALL, KEY_42, ["query_key_value", "dense_4h_to_h"]),
        "decoder",
        (ADAMW,),
    ),
    "falcon_alibi_left_mid": Case(
        "falcon-alibi",
        13334,
        "alibi, biases, attention before MLP; left padding (alibi counts real tokens from attention_mask)",
        causal(MID, KEY_2_31, ["query_key_value", "dense"]),
        "text, padded left",
        (ADAMW,),
        alibi=True,
    ),
    "llama_seqcls_mid": Case(
        "llama-seqcls",
        13434,
        "sequence classification by a decoder: the last token that isn't pad_token_id; PEFT adds the head `score` to "
        "modules_to_save by itself",
        classifier(MID, KEY_0, ["q_proj", "v_proj"]),
        "decoder",
        (ADAMW, CLIP_DECAY),
    ),
    "gpt2_seqcls_mid": Case(
        "gpt2-seqcls",
        13534,
        "sequence classification by a decoder of Conv1D layers",
        classifier(MID, KEY_42, ["c_attn", "mlp.c_proj"], fan_in_fan_out=True),
        "decoder",
        (ADAMW,),
    ),
    "distilbert_seqcls_mid": Case(
        "distilbert",
        13934,
        "an encoder with names of its own; PEFT trains pre_classifier whole too, as its name ends like the "
        "classifier's",
        classifier(MID, KEY_42, ["q_lin", "v_lin", "ffn.lin1"]),
        "distilbert",
        (ADAMW,),
    ),
    "bert_tokcls_mid": Case(
        "bert-tokcls",
        14434,
        "a label for each token, some without; PEFT adds the classifier to modules_to_save by itself",
        tagger(MID, KEY_0, ["query", "value"]),
        "bert, tagged",
        (ADAMW, CLIP_DECAY),
    ),
    "llama_tokcls_mid": Case(
        "llama-tokcls",
        14534,
        "a label for each token of a decoder; PEFT adds the head `score` to modules_to_save by itself",
        tagger(MID, KEY_42, ["q_proj", "v_proj", "down_proj"]),
        "decoder, tagged",
        (ADAMW, CLIP_DECAY),
    ),
    "modernbert_seqcls_mid": Case(
        "modernbert",
        27034,
        "a window to both sides in one layer, two rotary bases, norms without biases, fused q, k and v; a head over "
        "the mean of all tokens",
        classifier(MID, KEY_0, ["Wqkv", "Wi", "Wo"]),
        "distilbert",
        (ADAMW, CLIP_DECAY),
    ),
    "modernbert_tokcls_mid": Case(
        "modernbert-biased",
        27134,
        "biases everywhere, which train in the wrapped layers; the head's first layer is wrapped, and its last trains",
        tagger(MID, KEY_42, ["Wqkv", "mlp.Wo", "dense"], bias="vera_only"),
        "distilbert, tagged",
        (ADAMW,),
    ),
    "mistral_window_mid": Case(
        "mistral",
        13634,
        "sliding window shorter than the rows in every layer",
        causal(MID, KEY_2_31, ["q_proj", "k_proj", "v_proj", "o_proj"]),
        "text, padded right",
        (ADAMW,),
    ),
    "phi3_fused_mid": Case(
        "phi3",
        13734,
        "fused qkv_proj and gate_up_proj, each one layer to VeRA",
        causal(MID, KEY_0, ["qkv_proj", "o_proj", "gate_up_proj", "down_proj"]),
        training=(ADAMW, CLIP_DECAY),
    ),
    "gpt2_silu_small": Case(
        "gpt2-silu",
        24034,
        "SiLU in place of GELU",
        causal(SMALL, KEY_0, ["c_attn", "c_fc"], fan_in_fan_out=True),
        training=(ADAMW,),
    ),
    "opt_gelu_small": Case(
        "opt-gelu",
        24134,
        "GELU in place of ReLU",
        causal(SMALL, KEY_42, ["v_proj", "fc1"]),
        "text, padded left",
        (ADAMW,),
    ),
    "llama_relu_small": Case(
        "llama-relu",
        24234,
        "a gate of ReLU",
        causal(SMALL, KEY_0, ["q_proj", "gate_proj", "up_proj"]),
        training=(ADAMW,),
    ),
    "qwen2_gelu_small": Case(
        "qwen2-gelu",
        24334,
        "a gate of the exact GELU",
        causal(SMALL, KEY_42, ["v_proj", "gate_proj", "up_proj"]),
        training=(ADAMW,),
    ),
    "bert_relu_small": Case(
        "bert-relu",
        24434,
        "ReLU in place of GELU",
        classifier(SMALL, KEY_0, ["query", "intermediate.dense"]),
        "bert",
        (ADAMW,),
    ),
    "distilbert_gelu_new_small": Case(
        "distilbert-gelu-new",
        24534,
        "the approximate GELU in place of the exact one",
        classifier(SMALL, KEY_42, ["q_lin", "ffn.lin1"]),
        "distilbert",
        (ADAMW,),
    ),
    "vit_gelu_fast_small": Case(
        "vit-gelu-fast",
        24634,
        "the approximate GELU in place of the exact one",
        untold(SMALL, KEY_0, ["q_proj", "fc1"], modules_to_save=["classifier"]),
        "images",
        (ADAMW,),
    ),
    "gpt2_scaled_small": Case(
        "gpt2-scaled",
        24734,
        "scores divided by the layer's number, and not by the root of the head's size",
        causal(SMALL, KEY_42, ["c_attn"], fan_in_fan_out=True),
        "text, padded right",
        (ADAMW,),
    ),
    "phi3_partial_small": Case(
        "phi3-partial",
        24834,
        "three quarters of each head turned; a gate of the approximate GELU",
        causal(SMALL, KEY_0, ["qkv_proj", "gate_up_proj"]),
        training=(ADAMW,),
    ),
    "llama_yarn_small": Case(
        "llama-yarn",
        24934,
        "positions scaled by yarn",
        causal(SMALL, KEY_42, ["q_proj", "k_proj"]),
        training=(ADAMW,),
    ),
    "phi3_long_small": Case(
        "phi3-long",
        25034,
        "longrope in batches whose longest text is beyond the original context, and part of each head turned",
        causal(SMALL, KEY_0, ["qkv_proj", "o_proj"]),
        "text, padded right",
        (ADAMW,),
    ),
    "qwen2_long_small": Case(
        "qwen2-long",
        25134,
        "longrope in batches within the original context",
        causal(SMALL, KEY_42, ["q_proj", "k_proj"]),
        "text, padded left",
        (ADAMW,),
    ),
    "falcon_alibi_shared_small": Case(
        "falcon-alibi-shared",
        25234,
        "alibi over keys that heads share, ReLU in place of GELU",
        causal(SMALL, KEY_0, ["query_key_value", "dense_h_to_4h"]),
        "text, padded left",
        (ADAMW,),
        alibi=True,
    ),
}
