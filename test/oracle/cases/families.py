"""The small base models, by name, as in `test/golden/base`.

The seed of a base never changes, because it determines the weights and thus every number of the base's cases.
"""

from collections.abc import Mapping

from .base_spec import Base, Rope

HIDDEN, HEADS, KEY_VALUE_HEADS, HEAD_DIM, INTERMEDIATE = 32, 4, 2, 16, 56
VOCABULARY, POSITIONS, LABELS = 96, 40, 3
IMAGE, CHANNELS, CLASSES = 16, 3, 5
WINDOW = 4
STD = 0.25
"""The weights' standard deviation. It is far above the usual 0.02, because small weights would hide mistakes."""

IDS = {"bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 2}
DECODER = {
    "hidden_size": HIDDEN,
    "num_hidden_layers": 2,
    "intermediate_size": INTERMEDIATE,
    "num_attention_heads": HEADS,
    "num_key_value_heads": KEY_VALUE_HEADS,
    "vocab_size": VOCABULARY,
    "max_position_embeddings": POSITIONS,
    "initializer_range": STD,
    "attention_dropout": 0.0,
    "rms_norm_eps": 1e-6,
    **IDS,
}
UNTIED, TIED = {"tie_word_embeddings": False}, {"tie_word_embeddings": True}
GPT2 = {
    "n_embd": HIDDEN,
    "n_layer": 2,
    "n_head": HEADS,
    "vocab_size": VOCABULARY,
    "n_positions": POSITIONS,
    "resid_pdrop": 0.0,
    "embd_pdrop": 0.0,
    "attn_pdrop": 0.0,
    "initializer_range": STD,
    **IDS,
}
OPT = {
    "hidden_size": HIDDEN,
    "num_hidden_layers": 2,
    "ffn_dim": INTERMEDIATE,
    "num_attention_heads": HEADS,
    "vocab_size": VOCABULARY,
    "max_position_embeddings": POSITIONS,
    "word_embed_proj_dim": HIDDEN,
    "dropout": 0.0,
    "attention_dropout": 0.0,
    "init_std": STD,
    **IDS,
}
ENCODER = {
    "hidden_size": HIDDEN,
    "num_hidden_layers": 2,
    "intermediate_size": INTERMEDIATE,
    "num_attention_heads": HEADS,
    "initializer_range": 0.6 * STD,
    "hidden_dropout_prob": 0.0,
    "attention_probs_dropout_prob": 0.0,
}
BERT = {
    **ENCODER,
    "vocab_size": VOCABULARY,
    "max_position_embeddings": POSITIONS,
    "type_vocab_size": 2,
    "pad_token_id": 0,
}
ROBERTA = {
    **BERT,
    "max_position_embeddings": POSITIONS + 2,
    "type_vocab_size": 1,
    "layer_norm_eps": 1e-5,
    "pad_token_id": 1,
    "bos_token_id": 0,
    "eos_token_id": 2,
}
PHI3 = {**DECODER, "resid_pdrop": 0.0, "embd_pdrop": 0.0, "rms_norm_eps": 1e-5}
GEMMA = {"num_key_value_heads": 1, "head_dim": HEAD_DIM, "hidden_activation": "gelu_pytorch_tanh"}
FALCON = {
    "num_hidden_layers": 2,
    "vocab_size": VOCABULARY,
    "max_position_embeddings": POSITIONS,
    "initializer_range": STD,
    "hidden_dropout": 0.0,
    "attention_dropout": 0.0,
    **IDS,
}
GPT_NEOX = {
    "hidden_size": HIDDEN,
    "num_hidden_layers": 2,
    "intermediate_size": INTERMEDIATE,
    "num_attention_heads": HEADS,
    "vocab_size": VOCABULARY,
    "max_position_embeddings": POSITIONS,
    "initializer_range": STD,
    "hidden_dropout": 0.0,
    "attention_dropout": 0.0,
    **IDS,
}
GPT_NEO = {
    "hidden_size": HIDDEN,
    "num_layers": 2,
    "attention_types": [[["global", "local"], 1]],
    "window_size": WINDOW,
    "intermediate_size": INTERMEDIATE,
    "num_heads": HEADS,
    "vocab_size": VOCABULARY,
    "max_position_embeddings": POSITIONS,
    "initializer_range": 0.6 * STD,
    "resid_dropout": 0.0,
    "embed_dropout": 0.0,
    "attention_dropout": 0.0,
    **IDS,
}
DISTILBERT = {
    "dim": HIDDEN,
    "n_layers": 2,
    "n_heads": HEADS,
    "hidden_dim": INTERMEDIATE,
    "vocab_size": VOCABULARY,
    "max_position_embeddings": POSITIONS,
    "initializer_range": 0.6 * STD,
    "dropout": 0.0,
    "attention_dropout": 0.0,
    "seq_classif_dropout": 0.0,
    "pad_token_id": 0,
    "num_labels": LABELS,
}
MODERNBERT = {
    "hidden_size": HIDDEN,
    "num_hidden_layers": 2,
    "intermediate_size": INTERMEDIATE,
    "num_attention_heads": HEADS,
    "vocab_size": VOCABULARY,
    "max_position_embeddings": POSITIONS,
    "initializer_range": STD,
    "local_attention": WINDOW,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "cls_token_id": 1,
    "eos_token_id": 2,
    "sep_token_id": 2,
    "num_labels": LABELS,
}
VIT = {**ENCODER, "image_size": IMAGE, "patch_size": 4, "num_channels": CHANNELS, "num_labels": CLASSES}
DINOV2 = {
    "hidden_size": HIDDEN,
    "num_hidden_layers": 2,
    "num_attention_heads": HEADS,
    "mlp_ratio": 2,
    "initializer_range": 0.6 * STD,
    "layerscale_value": 0.5,
    "patch_size": 4,
    "num_channels": CHANNELS,
    "num_labels": CLASSES,
}
TOWER = {
    "hidden_size": HIDDEN,
    "num_hidden_layers": 2,
    "intermediate_size": INTERMEDIATE,
    "num_attention_heads": HEADS,
    "image_size": IMAGE,
    "patch_size": 4,
    "num_channels": CHANNELS,
}
TOWERS = {
    "vision_config": TOWER,
    "text_config": {
        "hidden_size": 16,
        "num_attention_heads": 2,
        "num_hidden_layers": 1,
        "vocab_size": VOCABULARY,
        **IDS,
    },
    "num_labels": CLASSES,
}
CENTRE = {
    "image_processor_type": "BitImageProcessor",
    "size": {"shortest_edge": IMAGE + 2},
    "crop_size": {"height": IMAGE, "width": IMAGE},
    "image_mean": [0.485, 0.456, 0.406],
    "image_std": [0.229, 0.224, 0.225],
}
"""An image processor that takes an image's centre, as those of DINOv2's public folders."""
ONE_LAYER = {"num_hidden_layers": 1, "intermediate_size": 24}
"""The sizes of bases that test a single field of config.json."""
LLAMA3_SCALING = {
    "rope_type": "llama3",
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 16,
}

BASES: Mapping[str, Base] = {
    # Linear layers are Conv1D; the head is tied.
    "gpt2": Base("GPT2LMHeadModel", 1234, GPT2),
    "gpt2-bare": Base("GPT2LMHeadModel", 1235, GPT2, bare=True),
    # opt: positions begin at 2, the head is tied. opt-postnorm: norms after the layers, project_in and project_out.
    "opt": Base("OPTForCausalLM", 1236, OPT),
    "opt-postnorm": Base(
        "OPTForCausalLM",
        1237,
        {**OPT, "do_layer_norm_before": False, "word_embed_proj_dim": HIDDEN // 2},
    ),
    # llama: grouped-query attention, an untied head. llama3-tied: multi-query attention, a tied head, scaled RoPE.
    # llama-bf16: weights in bfloat16.
    "llama": Base("LlamaForCausalLM", 1238, {**DECODER, **UNTIED}, Rope(1e4)),
    "llama3-tied": Base(
        "LlamaForCausalLM",
        1239,
        {**DECODER, **TIED, "num_key_value_heads": 1, "rms_norm_eps": 1e-5},
        Rope(5e5, LLAMA3_SCALING),
    ),
    "llama-bf16": Base(
        "LlamaForCausalLM",
        1240,
        {**DECODER, **UNTIED, "num_key_value_heads": HEADS, "rms_norm_eps": 1e-5},
        Rope(1e4),
        dtype="bfloat16",
    ),
    # qwen2: q, k and v with biases, a tied head. qwen2-f16-shards: weights in float16, in several files.
    "qwen2": Base("Qwen2ForCausalLM", 1241, {**DECODER, **TIED}, Rope(1e6)),
    "qwen2-f16-shards": Base(
        "Qwen2ForCausalLM",
        1242,
        {**DECODER, **UNTIED},
        Rope(1e6),
        dtype="float16",
        max_shard_size="20KB",
    ),
    # Has q_norm and k_norm. All heads together are wider than the hidden state.
    "qwen3": Base("Qwen3ForCausalLM", 1243, {**DECODER, **TIED, "head_dim": HEAD_DIM}, Rope(1e6)),
    # gemma: norms add 1 to their weights, embeddings are scaled. gemma3: sliding and full attention, different RoPE.
    "gemma": Base("GemmaForCausalLM", 1244, {**DECODER, **GEMMA}, Rope(1e4)),
    "gemma3": Base(
        "Gemma3ForCausalLM",
        1245,
        {
            **DECODER,
            **GEMMA,
            "sliding_window": WINDOW,
            "query_pre_attn_scalar": 24,
            "layer_types": ["sliding_attention", "full_attention"],
        },
        Rope(1e6, local_theta=1e4),
    ),
    # Gemma 3 as in EmbeddingGemma: tokens attend to both sides, in the first layer to two tokens on each.
    "gemma3-both-ways": Base(
        "Gemma3TextForSequenceClassification",
        1480,
        {
            **DECODER,
            **GEMMA,
            "sliding_window": WINDOW,
            "query_pre_attn_scalar": 24,
            "layer_types": ["sliding_attention", "full_attention"],
            "use_bidirectional_attention": True,
            "num_labels": LABELS,
        },
        Rope(1e6, local_theta=1e4),
    ),
    # The same norms as in Gemma 3, but no norms of heads. Scores and logits are capped.
    "gemma2": Base(
        "Gemma2ForCausalLM",
        1257,
        {
            **DECODER,
            **GEMMA,
            "sliding_window": WINDOW,
            "query_pre_attn_scalar": 24,
            "layer_types": ["full_attention", "sliding_attention"],
            "attn_logit_softcapping": 1.5,
            "final_logit_softcapping": 4.0,
        },
        Rope(1e4),
    ),
    "bert": Base("BertForSequenceClassification", 1246, {**BERT, "num_labels": LABELS}),
    "bert-multilabel": Base(
        "BertForSequenceClassification",
        1259,
        {**BERT, "num_labels": LABELS, "problem_type": "multi_label_classification"},
    ),
    "bert-numbers": Base(
        "BertForSequenceClassification",
        1260,
        {**BERT, "num_labels": LABELS, "problem_type": "regression"},
    ),
    "roberta": Base("RobertaForSequenceClassification", 1247, {**ROBERTA, "num_labels": LABELS}),
    "roberta-regression": Base(
        "RobertaForSequenceClassification",
        1248,
        {**ROBERTA, "num_labels": 1, "problem_type": "regression"},
    ),
    "vit": Base(
        "ViTForImageClassification",
        1249,
        VIT,
    ),
    # Each feature of a block's results is scaled; a table of positions for larger images than those that it reads.
    "dinov2": Base(
        "Dinov2ForImageClassification",
        1380,
        {**DINOV2, "image_size": 28},
        image_processor=CENTRE,
    ),
    # Tokens that belong to no part of the image; positions shrunk with antialiasing; images cut off at a patch's edge.
    "dinov2-registers": Base(
        "Dinov2WithRegistersForImageClassification",
        1381,
        {**DINOV2, "num_hidden_layers": 1, "image_size": 26, "num_register_tokens": 3},
        image_processor=CENTRE,
    ),
    # clip, siglip: the tower for images of a model that has another for texts, a head over the mean of the patches.
    # siglip: no token for the whole image; a head that only embeddings use.
    "clip": Base(
        "CLIPForImageClassification",
        1580,
        {**TOWERS, "vision_config": {**TOWER, "initializer_factor": 2.0}},
        image_processor={
            "image_processor_type": "CLIPImageProcessor",
            "size": {"shortest_edge": IMAGE},
            "crop_size": {"height": IMAGE, "width": IMAGE},
        },
    ),
    "siglip": Base(
        "SiglipForImageClassification",
        1581,
        TOWERS,
        image_processor={
            "image_processor_type": "SiglipImageProcessor",
            "size": {"height": IMAGE, "width": IMAGE},
        },
    ),
    # Multi-query attention; attention and MLP are parallel, after one norm; a tied head.
    "falcon": Base(
        "FalconForCausalLM",
        1250,
        {
            **FALCON,
            "hidden_size": HIDDEN,
            "num_attention_heads": HEADS,
            "multi_query": True,
            "parallel_attn": True,
            "bias": False,
            "alibi": False,
            "new_decoder_architecture": False,
        },
        Rope(1e4),
    ),
    # Grouped-query attention; attention and MLP are parallel, each after its own norm.
    "falcon-new": Base(
        "FalconForCausalLM",
        1251,
        {
            **FALCON,
            "hidden_size": HIDDEN,
            "num_attention_heads": HEADS,
            "num_kv_heads": KEY_VALUE_HEADS,
            "multi_query": True,
            "parallel_attn": True,
            "bias": False,
            "alibi": False,
            "new_decoder_architecture": True,
        },
        Rope(1e4),
    ),
    # ALiBi with a number of heads that isn't a power of two; biases; attention before the MLP, not parallel.
    "falcon-alibi": Base(
        "FalconForCausalLM",
        1252,
        {
            **FALCON,
            "ffn_hidden_size": INTERMEDIATE,
            "hidden_size": 48,
            "num_attention_heads": 12,
            "multi_query": False,
            "parallel_attn": False,
            "bias": True,
            "alibi": True,
            "new_decoder_architecture": False,
        },
    ),
    # Attention and MLP are parallel, each after its own norm; half of a head is rotated. gpt-neox-sequential: the MLP
    # follows attention, which has no biases; whole heads are rotated.
    "gpt-neox": Base("GPTNeoXForCausalLM", 1460, {**GPT_NEOX, "rotary_pct": 0.5}),
    "gpt-neox-sequential": Base(
        "GPTNeoXForSequenceClassification",
        1461,
        {
            **GPT_NEOX,
            **ONE_LAYER,
            "num_labels": LABELS,
            "rotary_pct": 1.0,
            "rotary_emb_base": 500.0,
            "attention_bias": False,
            "use_parallel_residual": False,
        },
    ),
    # Scores that aren't scaled, and a window in the second layer; gpt-neo-local: in the only layer, and an MLP of the
    # default width.
    "gpt-neo": Base("GPTNeoForCausalLM", 1465, GPT_NEO),
    "gpt-neo-local": Base(
        "GPTNeoForSequenceClassification",
        1466,
        {
            **GPT_NEO,
            "hidden_size": 24,
            "num_layers": 1,
            "intermediate_size": None,
            "attention_types": [[["local"], 1]],
            "num_labels": LABELS,
        },
    ),
    # Decoders with a `score` head.
    "llama-seqcls": Base("LlamaForSequenceClassification", 1253, {**DECODER, "num_labels": LABELS}, Rope(1e4)),
    "gpt2-seqcls": Base("GPT2ForSequenceClassification", 1254, {**GPT2, "num_labels": LABELS}),
    # Models that predict a label for each token.
    "bert-tokcls": Base("BertForTokenClassification", 1264, {**BERT, "num_labels": LABELS}),
    "llama-tokcls": Base(
        "LlamaForTokenClassification",
        1265,
        {**DECODER, "num_labels": LABELS, "classifier_dropout": 0.0},
        Rope(1e4),
    ),
    # Like BERT, but without token types and a pooler, and with other module names.
    "distilbert": Base(
        "DistilBertForSequenceClassification",
        1258,
        DISTILBERT,
    ),
    # modernbert: a window to both sides in the second layer, two rotary bases, no biases, a head over the mean of all
    # tokens. modernbert-biased: the window in the first layer, and all biases. modernbert-cls: no window, a head over
    # the first token.
    "modernbert": Base(
        "ModernBertForSequenceClassification",
        1390,
        {**MODERNBERT, "classifier_pooling": "mean"},
        Rope(1.6e5, local_theta=1e4),
    ),
    "modernbert-biased": Base(
        "ModernBertForTokenClassification",
        1391,
        {
            **MODERNBERT,
            "layer_types": ["sliding_attention", "full_attention"],
            "norm_bias": True,
            "attention_bias": True,
            "mlp_bias": True,
            "classifier_bias": True,
            "classifier_activation": "silu",
        },
        Rope(1e4, local_theta=1e2),
    ),
    "modernbert-cls": Base("ModernBertForSequenceClassification", 1392, {**MODERNBERT, **ONE_LAYER}),
    # A sliding window in every layer, and an untied head.
    "mistral": Base(
        "MistralForCausalLM",
        1255,
        {**DECODER, **UNTIED, "sliding_window": WINDOW, "rms_norm_eps": 1e-5},
        Rope(1e4),
    ),
    # One layer computes q, k and v, and one computes gate and up; an untied head.
    "phi3": Base(
        "Phi3ForCausalLM",
        1256,
        {**PHI3, **UNTIED, "original_max_position_embeddings": POSITIONS},
        Rope(1e4),
    ),
    # Norms after attention and MLP, not before; one norm over all heads' queries, one over their keys; an untied head.
    "olmo2": Base("Olmo2ForCausalLM", 1372, {**DECODER, **UNTIED, "rms_norm_eps": 1e-5}, Rope(5e5)),
    # A gated convolution over time in two layers, attention with norms of heads in one; a tied head.
    "lfm2": Base(
        "Lfm2ForCausalLM",
        1600,
        {
            **IDS,
            "hidden_size": HIDDEN,
            "intermediate_size": INTERMEDIATE,
            "num_attention_heads": HEADS,
            "num_key_value_heads": KEY_VALUE_HEADS,
            "vocab_size": VOCABULARY,
            "max_position_embeddings": POSITIONS,
            "initializer_range": STD,
            "num_hidden_layers": 3,
            "layer_types": ["conv", "full_attention", "conv"],
            "block_multiple_of": 8,
        },
        Rope(1e6),
    ),
    # Models with activations that aren't their family's default.
    "gpt2-silu": Base(
        "GPT2LMHeadModel",
        1359,
        {**GPT2, "n_layer": 1, "n_inner": 24, "activation_function": "silu"},
    ),
    "opt-gelu": Base(
        "OPTForCausalLM",
        1360,
        {**OPT, "num_hidden_layers": 1, "ffn_dim": 24, "activation_function": "gelu"},
    ),
    "llama-relu": Base("LlamaForCausalLM", 1361, {**DECODER, **ONE_LAYER, **TIED, "hidden_act": "relu"}, Rope(1e4)),
    "qwen2-gelu": Base("Qwen2ForCausalLM", 1362, {**DECODER, **ONE_LAYER, **TIED, "hidden_act": "gelu"}, Rope(1e4)),
    "bert-relu": Base(
        "BertForSequenceClassification",
        1363,
        {**BERT, **ONE_LAYER, "num_labels": LABELS, "hidden_act": "relu"},
    ),
    "distilbert-gelu-new": Base(
        "DistilBertForSequenceClassification",
        1364,
        {**DISTILBERT, "n_layers": 1, "hidden_dim": 24, "activation": "gelu_new"},
    ),
    "vit-gelu-fast": Base(
        "ViTForImageClassification",
        1365,
        {**VIT, **ONE_LAYER, "hidden_act": "gelu_fast"},
    ),
    # Attention scores are divided by the number of the layer (from 1), and not by the root of the head's size.
    "gpt2-scaled": Base(
        "GPT2LMHeadModel",
        1366,
        {
            **GPT2,
            "n_embd": 24,
            "n_inner": 24,
            "scale_attn_weights": False,
            "scale_attn_by_inverse_layer_idx": True,
        },
    ),
    # A part of each head is rotated, and the gate is an approximate GELU.
    "phi3-partial": Base(
        "Phi3ForCausalLM",
        1367,
        {**PHI3, **ONE_LAYER, "hidden_act": "gelu_new"},
        Rope(1e4, {"rope_type": "default", "partial_rotary_factor": 0.75}),
    ),
    # RoPE is scaled for longer contexts, by YaRN.
    "llama-yarn": Base(
        "LlamaForCausalLM",
        1368,
        {**DECODER, **ONE_LAYER, **TIED},
        Rope(
            1e4,
            {
                "rope_type": "yarn",
                "factor": 4.0,
                "original_max_position_embeddings": POSITIONS // 4,
                "beta_fast": 1.0,
                "beta_slow": 0.01,
                "truncate": False,
            },
        ),
    ),
    # RoPE scaled by longrope: the cases' texts are longer than the original context (phi3) or shorter (qwen2).
    "phi3-long": Base(
        "Phi3ForCausalLM",
        1369,
        {**PHI3, **ONE_LAYER, **TIED, "original_max_position_embeddings": 8},
        Rope(
            1e4,
            {
                "rope_type": "longrope",
                "partial_rotary_factor": 0.75,
                "short_factor": [1.0, 1.2, 1.5],
                "long_factor": [1.0, 3.0, 7.0],
            },
        ),
    ),
    "qwen2-long": Base(
        "Qwen2ForCausalLM",
        1370,
        {**DECODER, **ONE_LAYER, **TIED},
        Rope(
            1e4,
            {
                "rope_type": "longrope",
                "factor": 3.0,
                "original_max_position_embeddings": 13,
                "short_factor": [1.0, 1.1, 1.3, 1.7],
                "long_factor": [1.0, 2.0, 4.5, 9.0],
            },
        ),
    ),
    # ALiBi with keys that several query heads share.
    "falcon-alibi-shared": Base(
        "FalconForCausalLM",
        1371,
        {
            **FALCON,
            "num_hidden_layers": 1,
            "ffn_hidden_size": 24,
            "hidden_size": 24,
            "num_attention_heads": 6,
            "num_kv_heads": 2,
            "alibi": True,
            "new_decoder_architecture": True,
            "activation": "relu",
        },
    ),
}
