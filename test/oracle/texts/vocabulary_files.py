"""Records tokenizers of folders without a tokenizer.json, which transformers makes from vocabularies and merges, and of
folders whose tokenizer_config.json disagrees with their tokenizer.json."""

import json
import tempfile
from pathlib import Path

import tokenizers
from transformers import AutoTokenizer

from ..places import Json, read_json, write_json
from ..versions import versions
from .encoding import PAIRS, TEXTS
from .small_tokenizers import FOLDER

ABOUT = (
    "What AutoTokenizer makes of a folder that holds the vocabulary (and merges) of a file of test/oracle/tokenizers "
    "as vocab.json and merges.txt, or vocab.txt, beside `files`: ids of texts and of pairs, and special tokens. "
    "Folders with has_tokenizer_json hold that file as tokenizer.json instead, with the stages that `files` has for it."
)


def _token(content: str, **changes: bool) -> Json:
    """Returns a special token in the format of files from 2022."""
    fields = {"lstrip": False, "normalized": True, "rstrip": False, "single_word": False, "__type": "AddedToken"}
    return {"content": content} | fields | changes


_OPT = {name: _token("</s>") for name in ("bos_token", "eos_token", "unk_token")} | {"pad_token": _token("<pad>")}

FOLDERS: dict[str, tuple[str, dict[str, Json]]] = {
    "OPT": (
        "roberta.json",
        {
            "config.json": {"model_type": "opt"},
            "tokenizer_config.json": _OPT
            | {"errors": "replace", "add_prefix_space": False, "add_bos_token": True}
            | {"tokenizer_class": "GPT2Tokenizer"},
            "special_tokens_map.json": _OPT,
        },
    ),
    "GPT-2": ("roberta.json", {"config.json": {"model_type": "gpt2"}}),
    "GPT-2 with a space before a text": (
        "roberta.json",
        {"config.json": {"model_type": "gpt2"}, "tokenizer_config.json": {"add_prefix_space": True}},
    ),
    "GPT-2 with tokens of its own": (
        "roberta.json",
        {
            "config.json": {"model_type": "gpt2"},
            "added_tokens.json": {"whale ship": 481, "Ishmael": 480},
            "special_tokens_map.json": {"pad_token": "<pad>", "additional_special_tokens": ["<mask>"]},
        },
    ),
    "GPT-2 with special tokens among its own": (
        "roberta.json",
        {
            "config.json": {"model_type": "gpt2"},
            "added_tokens.json": {"Ishmael": 482, "[SEP]": 481, "[PAD]": 480},
            "special_tokens_map.json": {
                "pad_token": _token("[PAD]", lstrip=True),
                "sep_token": "[SEP]",
                "additional_special_tokens": ["[MASK]"],
            },
        },
    ),
    "GPT-Neo": ("roberta.json", {"config.json": {"model_type": "gpt_neo"}}),
    "GPT-NeoX": ("roberta.json", {"config.json": {"model_type": "gpt_neox"}}),
    "RoBERTa": ("roberta.json", {"config.json": {"model_type": "roberta"}}),
    "RoBERTa by its tokenizer's class": (
        "roberta.json",
        {
            "config.json": {"model_type": "bert"},
            "tokenizer_config.json": {"tokenizer_class": "RobertaTokenizerFast", "add_prefix_space": True},
            "special_tokens_map.json": {"mask_token": _token("<mask>", lstrip=True)},
        },
    ),
    "BERT, uncased": ("bert_uncased.json", {"config.json": {"model_type": "bert"}}),
    "BERT, cased": (
        "bert_cased.json",
        {"config.json": {"model_type": "bert"}, "tokenizer_config.json": {"do_lower_case": False}},
    ),
    "BERT with tokens of its own, whose numbers have a gap": (
        "bert_uncased.json",
        {
            "config.json": {"model_type": "bert"},
            "added_tokens.json": {"<s>": 409, "ishmael": 401, "the ship": 405, "[MASK]": 400},
        },
    ),
    "GPT-2 with BERT's tokenizer": (
        "bert_uncased.json",
        {"config.json": {"model_type": "gpt2", "tokenizer_class": "BertTokenizer"}},
    ),
    "BERT with ELECTRA's tokenizer": (
        "bert_uncased.json",
        {"config.json": {"model_type": "bert"}, "tokenizer_config.json": {"tokenizer_class": "ElectraTokenizer"}},
    ),
    "DistilBERT": (
        "bert_uncased.json",
        {
            "config.json": {"model_type": "distilbert"},
            "tokenizer_config.json": {"strip_accents": False, "tokenize_chinese_chars": False},
        },
    ),
}

_BERT = {"model_type": "bert"}
_TOKENS = {
    "unk_token": "[UNK]",
    "cls_token": "[CLS]",
    "sep_token": "[SEP]",
    "pad_token": "[PAD]",
    "mask_token": "[MASK]",
}
_LLAMA = {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>"}
_BYTES = {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>"}

DISAGREEING: dict[str, tuple[str, dict[str, Json]]] = {
    "BERT, cased by its configuration": (
        "bert_uncased.json",
        {"config.json": _BERT, "tokenizer_config.json": _TOKENS | {"do_lower_case": False}},
    ),
    "BERT, uncased by default": ("bert_cased.json", {"config.json": _BERT, "tokenizer_config.json": _TOKENS}),
    "BERT with a generic class": (
        "bert_cased.json",
        {
            "config.json": _BERT,
            "tokenizer_config.json": _TOKENS
            | {"tokenizer_class": "PreTrainedTokenizerFast", "do_lower_case": True, "tokenize_chinese_chars": False},
        },
    ),
    "DistilBERT by its tokenizer's class": (
        "bert_uncased.json",
        {
            "config.json": _BERT,
            "tokenizer_config.json": _TOKENS
            | {"tokenizer_class": "DistilBertTokenizerFast", "strip_accents": False, "tokenize_chinese_chars": False},
        },
    ),
    "RoBERTa with a space before a text": (
        "roberta.json",
        {"config.json": {"model_type": "roberta"}, "tokenizer_config.json": {"add_prefix_space": True}},
    ),
    "GPT-2 with a space before a text, by its configuration": (
        "roberta.json",
        {"config.json": {"model_type": "gpt2"}, "tokenizer_config.json": _BYTES | {"add_prefix_space": True}},
    ),
    "GPT-NeoX with a space before a text, by its configuration": (
        "roberta.json",
        {
            "config.json": {"model_type": "gpt_neox"},
            "tokenizer_config.json": _BYTES | {"tokenizer_class": "GPTNeoXTokenizer", "add_prefix_space": True},
            "tokenizer.json": {"normalizer": {"type": "NFC"}},
        },
    ),
    "GPT-2 with a generic class, which names no tokens": (
        "roberta.json",
        {
            "config.json": {"model_type": "gpt2"},
            "tokenizer_config.json": {"tokenizer_class": "PreTrainedTokenizerFast"},
        },
    ),
    "Llama with tokens in special_tokens_map.json": (
        "roberta.json",
        {
            "config.json": {"model_type": "llama"},
            "tokenizer_config.json": {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<pad>"},
            "special_tokens_map.json": {"bos_token": "<s>", "eos_token": _token("</s>"), "pad_token": "<mask>"},
        },
    ),
    "Llama with all added tokens, beside a special_tokens_map.json": (
        "roberta.json",
        {
            "config.json": {"model_type": "llama"},
            "tokenizer_config.json": {"added_tokens_decoder": {"1": {"content": "<pad>", "special": True}}},
            "special_tokens_map.json": {"bos_token": "<s>", "eos_token": "</s>"},
        },
    ),
    "Llama 2": (
        "llama.json",
        {
            "config.json": {"model_type": "llama"},
            "tokenizer_config.json": _LLAMA | {"tokenizer_class": "LlamaTokenizer"},
        },
    ),
    "Llama 2 with its older rules": (
        "llama.json",
        {
            "config.json": {"model_type": "llama"},
            "tokenizer_config.json": _LLAMA | {"tokenizer_class": "LlamaTokenizerFast", "legacy": True},
        },
    ),
    "Llama 2 without a space before a text": (
        "llama.json",
        {
            "config.json": {"model_type": "llama"},
            "tokenizer_config.json": _LLAMA | {"tokenizer_class": "LlamaTokenizer", "add_prefix_space": False},
        },
    ),
    "Llama 2 with a generic class": (
        "llama.json",
        {
            "config.json": {"model_type": "llama"},
            "tokenizer_config.json": _LLAMA | {"tokenizer_class": "PreTrainedTokenizerFast", "legacy": False},
        },
    ),
    "Mistral with Llama's class": (
        "llama.json",
        {
            "config.json": {"model_type": "mistral"},
            "tokenizer_config.json": _LLAMA | {"tokenizer_class": "LlamaTokenizer", "legacy": False},
        },
    ),
    "Llama with bytes and Llama 2's class": (
        "roberta.json",
        {
            "config.json": {"model_type": "llama"},
            "tokenizer_config.json": _BYTES | {"tokenizer_class": "LlamaTokenizerFast"},
        },
    ),
}
"""Folders with a tokenizer.json."""


def make_vocabulary_files(root: Path) -> None:
    rows = []
    folders = {}
    for name, (file, files) in (FOLDERS | DISAGREEING).items():
        definition = read_json(FOLDER / file)
        with tempfile.TemporaryDirectory() as folder:
            if name in DISAGREEING:
                _write_json(Path(folder), files | {"tokenizer.json": definition | files.get("tokenizer.json", {})})
            else:
                _write_vocabulary(Path(folder), definition["model"])
                _write_json(Path(folder), files)
            tokenizer = AutoTokenizer.from_pretrained(folder)
        special = {f"{it}_token_id": getattr(tokenizer, f"{it}_token_id") for it in ("bos", "eos", "pad")}
        whole = {"has_tokenizer_json": True} if name in DISAGREEING else {}
        folders[name] = {"file": file, "files": files} | whole | special
        for number, (text, pair) in enumerate([*((text, None) for text in TEXTS), *PAIRS]):
            ids = tokenizer([text], None if pair is None else [pair])["input_ids"][0]
            rows.append(
                {"situation": f"{name}: {number}", "folder": name, "text": text, "pair": pair, "input_ids": ids}
            )
    about = {"about": ABOUT, "versions": versions() | {"tokenizers": tokenizers.__version__}}
    write_json(root / "vocabulary_files.json", about | {"folders": folders, "rows": rows})


def _write_vocabulary(folder: Path, model: Json) -> None:
    if model["type"] == "WordPiece":
        tokens = sorted(model["vocab"], key=model["vocab"].get)
        (folder / "vocab.txt").write_text("".join(f"{token}\n" for token in tokens), encoding="utf-8")
    else:
        (folder / "vocab.json").write_text(json.dumps(model["vocab"]), encoding="utf-8")
        merges = "".join(f"{' '.join(merge)}\n" for merge in model["merges"])
        (folder / "merges.txt").write_text(f"#version: 0.2\n{merges}", encoding="utf-8")


def _write_json(folder: Path, files: dict[str, Json]) -> None:
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content), encoding="utf-8")
