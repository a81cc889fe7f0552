"""Generates GGUF files with the package `gguf`, which follows llama.cpp's rules, and records their contents."""

import base64
import tempfile
from importlib.metadata import version
from pathlib import Path

import gguf
import numpy as np

from ..places import Json, read_json, write_json
from ..versions import versions
from .gguf_models import FAMILIES, close, ggml_name, reordered, tensors_of, write_model
from .gguf_tokenizers import merges, write_byte_level, write_sentencepiece

ABOUT = (
    "blocks: bytes of each packed type and the float32 numbers that gguf.dequantize makes of them. models: base "
    "models of test/golden as GGUF, each by its header's bytes and what follows: the base's tensors as they are, "
    "with rows in another order, as their transpose, or as other float32 numbers, each up to a multiple of 32 bytes. "
    "files: whole ones; the matrices of llama-packed and gpt2-packed are Q8_0 where they can be, and packed has two "
    "of each by the checkpoint's names. rows: ids of texts by tokenizer-smollm with another tokenizer.ggml.pre; its "
    "vocabulary is that of test/oracle/tokenizers' roberta.json. sentencepiece: what transformers makes of texts by "
    "such files. merges: what its generate_merges makes of a vocabulary with scores. Bytes are in base64."
)

TYPES = ("Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q4_K", "Q5_K", "Q6_K")
BLOCKS = 6
SCALES = {"Q4_1": 2, "Q5_1": 2, "Q4_K": 2, "Q5_K": 2}
"""How many float16 scales a block begins with, for types with several. Q6_K has its only scale at the end."""

PACKED = {
    "llama": ("model.layers.0.self_attn.k_proj.weight", "model.layers.1.mlp.gate_proj.weight"),
    "gpt2": ("transformer.h.0.attn.c_attn.weight", "transformer.h.1.mlp.c_proj.weight"),
}


def make_gguf_files(root: Path) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        models = {name: _model(root / "base" / name, folder / "model", name) for name in FAMILIES}
        (folder / "model").unlink()
        packed = {f"{name}-packed": _write_packed(root / "base" / name, folder, name) for name in PACKED}
        rows = write_byte_level(folder / "tokenizer-smollm.gguf")
        sentencepiece = write_sentencepiece(folder)
        files = {path.stem: _base64(path.read_bytes()) for path in sorted(folder.iterdir())}
    document = {"about": ABOUT, "versions": versions() | {"gguf": version("gguf")}}
    document |= {"blocks": [_blocks(name) for name in TYPES], "packed": packed, "models": models, "files": files}
    document |= {"rows": rows, "sentencepiece": sentencepiece, "merges": merges()}
    write_json(root / "gguf.json", document)


def _model(base: Path, path: Path, name: str) -> Json:
    recipe = write_model(base, path, name)
    return {"base": f"base/{name}", **recipe, "header": _base64(recipe["header"])}


def _blocks(name: str) -> Json:
    """Draws blocks of random bytes, except for their scales, which must be finite and of a usual size."""
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
    numbers = values.astype(np.float32)
    return {
        "name": name,
        "type": kind.value,
        "bytes": _base64(blocks.tobytes()),
        "values": _base64(numbers.tobytes()),
    }


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _write_packed(base: Path, folder: Path, name: str) -> Json:
    config, family = read_json(base / "config.json"), FAMILIES[name]
    writer = gguf.GGUFWriter(folder / f"{name}-packed.gguf", family.architecture)
    family.describe(writer, config)
    kind = gguf.GGMLQuantizationType.Q8_0
    unpacked = {}
    for tensor_name, tensor in tensors_of(base, config):
        ordered = reordered(family, tensor_name, tensor, config)
        if tensor.ndim < 2 or ordered.shape[-1] % 32 != 0:
            writer.add_tensor(ggml_name(family.names, tensor_name), ordered)
            continue
        quantised = gguf.quantize(ordered, kind)
        writer.add_tensor(ggml_name(family.names, tensor_name), quantised, raw_dtype=kind)
        numbers = gguf.dequantize(quantised, kind)
        unpacked[tensor_name] = _base64(reordered(family, tensor_name, numbers, config, undo=True).tobytes())
    close(writer)
    return {tensor_name: unpacked[tensor_name] for tensor_name in PACKED[name]}
