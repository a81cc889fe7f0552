"""Writes tokenizers into GGUF files, as convert_hf_to_gguf.py does, and records transformers' ids of texts."""

import json
from collections.abc import Sequence
from pathlib import Path

import gguf
from tokenizers import Regex, Tokenizer, decoders, normalizers, pre_tokenizers
from transformers import PreTrainedTokenizerFast
from transformers.tokenization_utils_base import generate_merges

from ..places import Json, read_json
from ..texts.encoding import TEXTS
from ..texts.small_tokenizers import FOLDER
from .gguf_models import close

TEMPLATE = "{% for message in messages %}{{ message.content }}{% endfor %}"
WORDS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|%s| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
CASED = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
    r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def _split(pattern: str) -> pre_tokenizers.PreTokenizer:
    return pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(pattern), behavior="isolated", invert=False),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )


PRE: dict[str, pre_tokenizers.PreTokenizer] = {
    "gpt-2": pre_tokenizers.ByteLevel(add_prefix_space=False),
    "smollm": pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    ),
    "qwen2": _split(WORDS % r"\p{N}"),
    "llama-bpe": _split(WORDS % r"\p{N}{1,3}"),
    "dbrx": _split(WORDS % r"\p{N}{1,3}"),
    "tekken": _split(CASED),
    "falcon": pre_tokenizers.Sequence(
        [
            pre_tokenizers.Punctuation("contiguous"),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
            pre_tokenizers.Digits(individual_digits=False),
            pre_tokenizers.Split(Regex("[0-9][0-9][0-9]"), behavior="isolated", invert=False),
        ]
    ),
}
"""The pre-tokenizers in the tokenizer.json of GPT-2, SmolLM2, Qwen2.5, Llama 3, Phi-4, Mistral Nemo and Falcon."""

WHOLE_WORDS = ("llama-bpe", "tekken")
"""Pre-tokenizers that never split a word that is a token, even without merges. With them, ids begin with token 0."""


def write_byte_level(path: Path) -> list[Json]:
    """Writes one file, and returns ids for all pre-tokenizers, because their files would differ only in a name."""
    definition = read_json(FOLDER / "roberta.json") | {"post_processor": None}
    model = definition["model"]
    tokens = sorted(model["vocab"], key=model["vocab"].get)
    control = {token["content"] for token in definition["added_tokens"]}
    for token in definition["added_tokens"]:
        token["lstrip"] = False  # GGUF can't express it
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(tokens)
    kinds = [gguf.TokenType.CONTROL if token in control else gguf.TokenType.NORMAL for token in tokens]
    writer.add_token_types(kinds)
    writer.add_token_merges([" ".join(merge) for merge in model["merges"]])
    _add_ids(writer)
    close(writer)
    return [row for pre in PRE for row in _byte_level_rows(definition, pre)]


def _add_ids(writer: gguf.GGUFWriter) -> None:
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(2)
    writer.add_pad_token_id(1)
    writer.add_chat_template(TEMPLATE)


def _byte_level_rows(definition: Json, pre: str) -> list[Json]:
    definition["model"]["ignore_merges"] = pre in WHOLE_WORDS
    tokenizer = Tokenizer.from_str(json.dumps(definition))
    tokenizer.pre_tokenizer = PRE[pre]
    tokenizer.decoder = decoders.ByteLevel()
    if pre == "qwen2":
        tokenizer.normalizer = normalizers.NFC()
    before = [0] if pre in WHOLE_WORDS else []
    return [
        {"situation": f"{pre}: {number}", "pre": pre, "text": text, "ids": before + tokenizer.encode(text).ids}
        for number, text in enumerate(TEXTS)
    ]


SPACE = "\u2581"
SPECIAL = {"<s>": gguf.TokenType.CONTROL, "<pad>": gguf.TokenType.CONTROL, "</s>": gguf.TokenType.CONTROL}
MORE = [
    "  a  b   c",
    "<s>one</s> two",
    "tab\tnew\n\nlines\n\n\n",
    "\u2581low line",
    "a <unk> b",
    "Größe 漢字 \U0001f433",
]
ARCHITECTURES = ("phi3", "gemma2")
"""The architectures of the files. Phi-3 stands for Llama, because its tokenizer also adds a space before texts and
transformers reads Llama's GGUF files differently."""


def write_sentencepiece(folder: Path) -> list[Json]:
    return [row for architecture in ARCHITECTURES for row in _sentencepiece(folder, architecture)]


def _sentencepiece(folder: Path, architecture: str) -> list[Json]:
    name = f"sentencepiece-{architecture}"
    user_defined = ["\n\n", *(SPACE * count for count in (2, 3, 5))] if architecture == "gemma2" else ["<|user|>"]
    tokens: list[tuple[str, float, gguf.TokenType]] = [(token, 0.0, kind) for token, kind in SPECIAL.items()]
    tokens.append(("<unk>", 0.0, gguf.TokenType.UNKNOWN))
    if architecture == "gemma2":
        # transformers' tokenizer class for Gemma adds this token to every vocabulary.
        tokens.append(("<mask>", 0.0, gguf.TokenType.CONTROL))
    pieces = [piece for piece in _pieces() if piece not in user_defined]
    # The converter writes these tokens with ordinary spaces.
    tokens += [(token.replace(SPACE, " "), 0.0, gguf.TokenType.USER_DEFINED) for token in user_defined]
    tokens += [(f"<0x{byte:02X}>", 0.0, gguf.TokenType.BYTE) for byte in range(256)]
    scored = architecture == "phi3"
    ordered = [(piece, -float(rank) if scored else 0.0, gguf.TokenType.NORMAL) for rank, piece in enumerate(pieces)]
    # With scores, the scores define the order of merges, so ids may have any order.
    tokens += reversed(ordered) if scored else ordered
    writer = gguf.GGUFWriter(folder / f"{name}.gguf", architecture)
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([token for token, _, _ in tokens])
    writer.add_token_scores([score for _, score, _ in tokens])
    writer.add_token_types([kind for _, _, kind in tokens])
    _add_ids(writer)
    writer.add_unk_token_id(3)
    if architecture == "gemma2":
        writer.add_add_bos_token(True)
        writer.add_add_space_prefix(False)
    close(writer)
    assert len({token for token, _, _ in tokens}) == len(tokens)
    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder, gguf_file=f"{name}.gguf")
    return [
        {"situation": f"{name}: {number}", "tokenizer": name, "text": text}
        | {"ids": (ids := tokenizer(text).input_ids), "decoded": tokenizer.decode(ids, skip_special_tokens=True)}
        for number, text in enumerate([*TEXTS, *MORE])
    ]


def merges() -> Json:
    """Returns the merges that transformers derives from a vocabulary. In its tokens, parts repeat (as in "aaab"), or
    characters have two UTF-16 units."""
    tokens = [
        "ab",
        "a",
        "b",
        "aa",
        "\U0001f433\U0001f40b",
        "\U0001f433",
        "\U0001f40b",
        "aab",
        "aaab",
        "aaa",
        "ba",
        "bab",
    ]
    tokens += ["\U0001f433\U0001f40ba", "a\U0001f433", "a\U0001f433\U0001f40b", "aaaa", "abab"]
    scores = {"aaa": 2.0, "bab": 2.0, "aaab": 1.0, "abab": 1.0, "aab": -1.0, "a\U0001f433": -1.0}
    vocab = {token: number for number, token in enumerate(tokens)}
    given = {token: scores.get(token, 0.0) for token in tokens}
    return {"tokens": tokens, "scores": list(given.values()), "merges": generate_merges(vocab, given)}


def _pieces() -> Sequence[str]:
    """Returns tokens in SentencePiece's order: those of several characters, in the order of another tokenizer's merges,
    and then single characters."""
    decode = decoders.ByteLevel().decode
    merged = ("".join(merge) for merge in read_json(FOLDER / "roberta.json")["model"]["merges"])
    texts = [decode([token]).replace(" ", SPACE) for token in merged]
    joined = [text for text in texts if "\ufffd" not in text and "\n" not in text and len(text) > 1]
    characters = sorted(set("".join(joined)) | {SPACE, "é", "東"})
    return [*dict.fromkeys(joined), *characters]
