"""GGUF files by PyPI's `gguf`, by llama.cpp's rules, and what stands in them."""

import base64
import json
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import gguf
import numpy as np
from safetensors.numpy import load_file
from tokenizers import Regex, Tokenizer, decoders, normalizers, pre_tokenizers

from .encoding import TEXTS
from .places import Json, read_json, write_json
from .small_tokenizers import FOLDER
from .versions import versions

ABOUT = (
    "blocks: bytes of each packed type and the float32 numbers that gguf.dequantize makes of them. files: base models "
    "of test/golden as GGUF; the matrices of llama-packed are Q8_0 where they can be, and packed has two of them by "
    "the checkpoint's names. rows: ids of texts by the files tokenizer-PRE, with the vocabulary of "
    "test/oracle/tokenizers' roberta.json. All in base64."
)

TYPES = ("Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q4_K", "Q5_K", "Q6_K")
BLOCKS = 6
SCALES = {"Q4_1": 2, "Q5_1": 2, "Q4_K": 2, "Q5_K": 2}
"""Float16 numbers at a block's beginning, where there are more than one. Q6_K has its one at the end."""

WORDS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|%s| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"

PACKED = ("model.layers.0.self_attn.k_proj.weight", "model.layers.1.mlp.gate_proj.weight")

LAYER = {
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
OTHERS = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output"}


def make_gguf_files(root: Path) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for name in ("llama", "qwen2", "qwen3"):
            _write_model(root / "base" / name, folder / f"{name}.gguf", name)
        packed = _write_packed(root / "base" / "llama", folder / "llama-packed.gguf")
        rows = [row for pre in PRE for row in _write_tokenizer(folder / f"tokenizer-{pre}.gguf", pre)]
        files = {path.stem: base64.b64encode(path.read_bytes()).decode() for path in sorted(folder.iterdir())}
    document = {"about": ABOUT, "versions": versions() | {"gguf": version("gguf")}}
    document |= {"blocks": [_blocks(name) for name in TYPES], "packed": packed, "files": files, "rows": rows}
    write_json(root / "gguf.json", document)


def _blocks(name: str) -> Json:
    """Any bytes are numbers, but for scales, which are to be finite and of a usual size."""
    kind = gguf.GGMLQuantizationType[name]
    elements, size = gguf.GGML_QUANT_SIZES[kind]
    random = np.random.default_rng(kind.value)
    blocks = random.integers(0, 256, (BLOCKS, size), dtype=np.uint8)
    count = SCALES.get(name, 1)
    scales = random.normal(0, 0.02, (BLOCKS, count)).astype(np.float16)
    scales[0], scales[1] = 0, np.float16(3e-6)  # the latter is below the smallest normal half
    at = slice(size - 2, size) if name == "Q6_K" else slice(0, 2 * count)
    blocks[:, at] = scales.view(np.uint8)
    values = gguf.dequantize(blocks.reshape(1, -1), kind)
    assert values.size == BLOCKS * elements
    return {"name": name, "type": kind.value, "bytes": _base64(blocks), "values": _base64(values.astype(np.float32))}


def _base64(array: np.ndarray) -> str:
    return base64.b64encode(array.tobytes()).decode()


def _write_model(base: Path, path: Path, architecture: str) -> None:
    config = read_json(base / "config.json")
    writer = _writer(path, config, architecture)
    for name, tensor in load_file(base / "model.safetensors").items():
        if config["tie_word_embeddings"] and name == "lm_head.weight":
            continue
        writer.add_tensor(_name(name), _order(architecture, name, tensor, config))
    _close(writer)


def _write_packed(base: Path, path: Path) -> Json:
    config = read_json(base / "config.json")
    writer = _writer(path, config, "llama")
    kind = gguf.GGMLQuantizationType.Q8_0
    unpacked = {}
    for name, tensor in load_file(base / "model.safetensors").items():
        ordered = _order("llama", name, tensor, config)
        if tensor.ndim < 2 or tensor.shape[-1] % 32 != 0:
            writer.add_tensor(_name(name), ordered)
            continue
        packed = gguf.quantize(ordered, kind)
        writer.add_tensor(_name(name), packed, raw_dtype=kind)
        unpacked[name] = _base64(_order("llama", name, gguf.dequantize(packed, kind), config, undo=True))
    _close(writer)
    return {name: unpacked[name] for name in PACKED}


def _writer(path: Path, config: Json, architecture: str) -> gguf.GGUFWriter:
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_freq_base(config["rope_parameters"]["rope_theta"])
    writer.add_vocab_size(config["vocab_size"])
    head = config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"]
    writer.add_rope_dimension_count(head)
    if architecture == "qwen3":
        writer.add_key_length(head)
        writer.add_value_length(head)
    return writer


def _close(writer: gguf.GGUFWriter) -> None:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _name(name: str) -> str:
    stem, kind = name.rsplit(".", 1)
    if stem in OTHERS:
        return f"{OTHERS[stem]}.{kind}"
    _, _, layer, module = stem.split(".", 3)
    return f"blk.{layer}.{LAYER[module]}.{kind}"


def _order(architecture: str, name: str, tensor: np.ndarray, config: Json, undo: bool = False) -> np.ndarray:
    """As convert_hf_to_gguf.py turns Llama's q and k, for another way to rotate them."""
    of = {"q_proj.weight": "num_attention_heads", "k_proj.weight": "num_key_value_heads"}
    heads = next((config[key] for end, key in of.items() if name.endswith(end)), None)
    if architecture != "llama" or heads is None:
        return tensor
    halves = (tensor.shape[0] // heads // 2, 2) if undo else (2, tensor.shape[0] // heads // 2)
    return tensor.reshape(heads, *halves, *tensor.shape[1:]).swapaxes(1, 2).reshape(tensor.shape).copy()


def _split(digits: str) -> pre_tokenizers.PreTokenizer:
    return pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(WORDS % digits), behavior="isolated", invert=False),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )


PRE: dict[str, pre_tokenizers.PreTokenizer] = {
    "gpt-2": pre_tokenizers.ByteLevel(add_prefix_space=False),
    "smollm": pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    ),
    "qwen2": _split(r"\p{N}"),
    "llama-bpe": _split(r"\p{N}{1,3}"),
}
"""As the tokenizer.json of GPT-2, SmolLM2, Qwen2.5 and Llama 3 have them."""


def _write_tokenizer(path: Path, pre: str) -> Sequence[Json]:
    definition = read_json(FOLDER / "roberta.json") | {"post_processor": None}
    model = definition["model"]
    tokens = sorted(model["vocab"], key=model["vocab"].get)
    control = {token["content"] for token in definition["added_tokens"]}
    for token in definition["added_tokens"]:
        token["lstrip"] = False  # GGUF has no word for it
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pre)
    writer.add_token_list(tokens)
    kinds = [gguf.TokenType.CONTROL if token in control else gguf.TokenType.NORMAL for token in tokens]
    writer.add_token_types(kinds)
    writer.add_token_merges([" ".join(merge) for merge in model["merges"]])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(2)
    writer.add_pad_token_id(1)
    writer.add_add_bos_token(pre == "llama-bpe")
    writer.add_chat_template("{% for message in messages %}{{ message.content }}{% endfor %}")
    _close(writer)
    model["ignore_merges"] = pre == "llama-bpe"
    tokenizer = Tokenizer.from_str(json.dumps(definition))
    tokenizer.pre_tokenizer = PRE[pre]
    tokenizer.decoder = decoders.ByteLevel()
    if pre == "qwen2":
        tokenizer.normalizer = normalizers.NFC()
    before = [0] if pre == "llama-bpe" else []
    return [
        {"situation": f"{pre}: {number}", "pre": pre, "text": text, "ids": before + tokenizer.encode(text).ids}
        for number, text in enumerate(TEXTS)
    ]
