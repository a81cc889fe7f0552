"""Converts base models to GGUF files, as convert_hf_to_gguf.py does."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import gguf
import numpy as np
from safetensors.numpy import load_file

from ..places import Json, read_json

DECODER = {
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.qkv_proj": "attn_qkv",
    "self_attn.o_proj": "attn_output",
    "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.gate_up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "model.embed_tokens": "token_embd",
    "model.norm": "output_norm",
    "lm_head": "output",
}
GEMMA2 = DECODER | {
    "post_attention_layernorm": "post_attention_norm",
    "pre_feedforward_layernorm": "ffn_norm",
    "post_feedforward_layernorm": "post_ffw_norm",
}
GPT2 = {
    "ln_1": "attn_norm",
    "attn.c_attn": "attn_qkv",
    "attn.c_proj": "attn_output",
    "ln_2": "ffn_norm",
    "mlp.c_fc": "ffn_up",
    "mlp.c_proj": "ffn_down",
    "transformer.wte": "token_embd",
    "transformer.wpe": "position_embd",
    "transformer.ln_f": "output_norm",
    "lm_head": "output",
}
FALCON = {
    "input_layernorm": "attn_norm",
    "ln_mlp": "attn_norm",
    "ln_attn": "attn_norm_2",
    "self_attention.query_key_value": "attn_qkv",
    "self_attention.dense": "attn_output",
    "mlp.dense_h_to_4h": "ffn_up",
    "mlp.dense_4h_to_h": "ffn_down",
    "transformer.word_embeddings": "token_embd",
    "transformer.ln_f": "output_norm",
    "lm_head": "output",
}

TURNED = (".c_attn.weight", ".c_proj.weight", ".c_fc.weight")


@dataclass(frozen=True)
class Family:
    """How the converter treats an architecture."""

    architecture: str
    names: Mapping[str, str]
    describe: Callable[[gguf.GGUFWriter, Json], None]
    rows: Callable[[str, int, Json], list[int] | None] = lambda name, count, config: None
    """Returns, for each row of a tensor in the file, its row in the checkpoint; None if the order is the same."""
    shifts_norms: bool = False
    extra: Mapping[str, Callable[[Json], np.ndarray | None]] = field(default_factory=dict)


def _decoder(writer: gguf.GGUFWriter, config: Json) -> None:
    rope = config["rope_parameters"]
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_freq_base(rope.get("full_attention", rope)["rope_theta"])
    _ids(writer, config)


def _ids(writer: gguf.GGUFWriter, config: Json) -> None:
    writer.add_vocab_size(config["vocab_size"])
    writer.add_bos_token_id(config["bos_token_id"])
    writer.add_eos_token_id(config["eos_token_id"])
    writer.add_pad_token_id(config["pad_token_id"])


def _head_dim(config: Json) -> int:
    return int(config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"])


def _llama(writer: gguf.GGUFWriter, config: Json) -> None:
    _decoder(writer, config)
    writer.add_rope_dimension_count(_head_dim(config))
    if config.get("sliding_window"):
        writer.add_sliding_window(config["sliding_window"])


def _heads(writer: gguf.GGUFWriter, config: Json) -> None:
    _decoder(writer, config)
    writer.add_key_length(_head_dim(config))
    writer.add_value_length(_head_dim(config))


def _gemma2(writer: gguf.GGUFWriter, config: Json) -> None:
    _heads(writer, config)
    writer.add_attn_logit_softcapping(config["attn_logit_softcapping"])
    writer.add_final_logit_softcapping(config["final_logit_softcapping"])
    writer.add_sliding_window(config["sliding_window"])
    writer.add_sliding_window_pattern([kind == "sliding_attention" for kind in config["layer_types"]])


def _gemma3(writer: gguf.GGUFWriter, config: Json) -> None:
    _heads(writer, config)
    writer.add_sliding_window(config["sliding_window"])
    writer.add_sliding_window_pattern(config["layer_types"].index("full_attention") + 1)


def _phi3(writer: gguf.GGUFWriter, config: Json) -> None:
    _decoder(writer, config)
    writer.add_rope_dimension_count(_head_dim(config))
    writer.add_rope_scaling_orig_ctx_len(config["original_max_position_embeddings"])
    writer.add_sliding_window(config["sliding_window"] or 0)


def _gpt2(writer: gguf.GGUFWriter, config: Json) -> None:
    writer.add_block_count(config["n_layer"])
    writer.add_context_length(config["n_positions"])
    writer.add_embedding_length(config["n_embd"])
    writer.add_feed_forward_length(4 * config["n_embd"])
    writer.add_head_count(config["n_head"])
    writer.add_layer_norm_eps(config["layer_norm_epsilon"])
    _ids(writer, config)


def _falcon(writer: gguf.GGUFWriter, config: Json) -> None:
    writer.add_context_length(2048)
    writer.add_tensor_data_layout("jploski")
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(4 * config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(_falcon_heads(config))
    writer.add_layer_norm_eps(config["layer_norm_epsilon"])
    _ids(writer, config)


def _falcon_heads(config: Json) -> int:
    """Returns the number of key heads. The old architecture has one; its files may lack `num_kv_heads`."""
    return int(config["num_kv_heads"]) if config["new_decoder_architecture"] else 1


def _llama_rows(name: str, count: int, config: Json) -> list[int] | None:
    """Reorders the rows of queries and keys, because llama.cpp rotates other pairs of numbers than transformers."""
    of = {"q_proj": "num_attention_heads", "k_proj": "num_key_value_heads"}
    heads = next((config[key] for end, key in of.items() if name.split(".")[-2] == end), None)
    if heads is None:
        return None
    ordered = np.arange(count).reshape(heads, 2, count // heads // 2).swapaxes(1, 2).flatten()
    return [int(row) for row in ordered]


def _falcon_rows(name: str, count: int, config: Json) -> list[int] | None:
    if "query_key_value" not in name:
        return None
    heads, pairs = config["num_attention_heads"], _falcon_heads(config)
    rows = np.arange(count).reshape(pairs, heads // pairs + 2, -1)
    ordered = np.concatenate([rows[:, :-2].flatten(), rows[:, -2].flatten(), rows[:, -1].flatten()])
    return [int(row) for row in ordered]


def _rope_factors(config: Json) -> np.ndarray | None:
    """Returns the divisors of Llama 3's RoPE frequencies, computed from float32 as in the converter."""
    rope = config["rope_parameters"]
    if rope["rope_type"] != "llama3":
        return None
    size = _head_dim(config)
    frequencies = 1.0 / rope["rope_theta"] ** (np.arange(0, size, 2, dtype=np.float32) / np.float32(size))
    factor, low, high = rope["factor"], rope["low_freq_factor"], rope["high_freq_factor"]
    context = rope["original_max_position_embeddings"]
    factors = []
    for frequency in frequencies.astype(np.float32):
        length = np.float32(2 * math.pi / frequency)
        if length < context / high:
            factors.append(1.0)
        elif length > context / low:
            factors.append(factor)
        else:
            smooth = (context / length - low) / (high - low)
            factors.append(1 / ((1 - smooth) / factor + smooth))
    return np.array(factors, dtype=np.float32)


LLAMA = Family("llama", DECODER, _llama, _llama_rows, extra={"rope_freqs.weight": _rope_factors})

FAMILIES: Mapping[str, Family] = {
    "llama": LLAMA,
    "llama3-tied": LLAMA,
    "mistral": LLAMA,
    "qwen2": Family("qwen2", DECODER, _llama),
    "qwen3": Family("qwen3", DECODER, _heads),
    "gemma": Family("gemma", DECODER, _heads, shifts_norms=True),
    "gemma2": Family("gemma2", GEMMA2, _gemma2, shifts_norms=True),
    "gemma3": Family("gemma3", GEMMA2, _gemma3, shifts_norms=True),
    "phi3": Family("phi3", DECODER, _phi3),
    "falcon": Family("falcon", FALCON, _falcon, _falcon_rows),
    "falcon-new": Family("falcon", FALCON, _falcon, _falcon_rows),
    "gpt2": Family("gpt2", GPT2, _gpt2),
}
"""The architecture of each base that is converted, by the base's name."""


def write_model(base: Path, path: Path, name: str) -> Json:
    """Writes the file, and returns a recipe with which `restored` makes the same file from the base's tensors."""
    config, family = read_json(base / "config.json"), FAMILIES[name]
    writer = gguf.GGUFWriter(path, family.architecture)
    family.describe(writer, config)
    pieces = []
    for extra, make in family.extra.items():
        if (numbers := make(config)) is not None:
            writer.add_tensor(extra, numbers)
            pieces.append({"numbers": numbers.tolist()})
    for tensor_name, tensor in tensors_of(base, config):
        piece = _piece(family, tensor_name, tensor, config)
        writer.add_tensor(ggml_name(family.names, tensor_name), _made(piece, tensor))
        pieces.append(piece)
    close(writer)
    data = path.read_bytes()
    recipe = {"header": data[: gguf.GGUFReader(path).data_offset], "pieces": pieces}
    assert restored(recipe, dict(tensors_of(base, config))) == data
    return recipe


def tensors_of(base: Path, config: Json) -> Iterable[tuple[str, np.ndarray]]:
    for name, tensor in load_file(base / "model.safetensors").items():
        if not (config["tie_word_embeddings"] and name == "lm_head.weight"):
            yield name, tensor


def ggml_name(names: Mapping[str, str], name: str) -> str:
    stem, kind = name.rsplit(".", 1)
    if stem in names:
        return f"{names[stem]}.{kind}"
    _, _, layer, module = stem.split(".", 3)
    return f"blk.{layer}.{names[module]}.{kind}"


def _piece(family: Family, name: str, tensor: np.ndarray, config: Json) -> Json:
    rows = family.rows(name, tensor.shape[0], config)
    if rows is not None:
        return {"name": name, "rows": rows}
    if _is_turned(family, name):
        return {"name": name, "turned": True}
    if family.shifts_norms and name.endswith("norm.weight"):
        return {"name": name, "numbers": (tensor + np.float32(1)).tolist()}
    return {"name": name}


def _is_turned(family: Family, name: str) -> bool:
    return family.architecture == "gpt2" and name.endswith(TURNED)


def _made(piece: Json, tensor: np.ndarray) -> np.ndarray:
    if "numbers" in piece:
        return np.array(piece["numbers"], dtype=np.float32)
    if "rows" in piece:
        rows: list[int] = piece["rows"]
        return np.take(tensor, rows, axis=0)
    return np.ascontiguousarray(tensor.T) if "turned" in piece else tensor


def reordered(family: Family, name: str, tensor: np.ndarray, config: Json, undo: bool = False) -> np.ndarray:
    if _is_turned(family, name):
        return np.ascontiguousarray(tensor.T)
    rows = family.rows(name, tensor.shape[0], config)
    if rows is None:
        return tensor
    return np.take(tensor, np.argsort(rows) if undo else rows, axis=0)


def restored(recipe: Json, tensors: Mapping[str, np.ndarray]) -> bytes:
    parts = [recipe["header"]]
    for piece in recipe["pieces"]:
        data = _made(piece, tensors.get(piece.get("name"), np.empty(0))).tobytes()
        parts.append(data + bytes(-len(data) % gguf.GGUF_DEFAULT_ALIGNMENT))
    return b"".join(parts)


def close(writer: gguf.GGUFWriter) -> None:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
