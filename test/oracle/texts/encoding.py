"""Records a text classifier's rows from transformers: one text or two, with special tokens, truncated to a length."""

import json
from pathlib import Path

import tokenizers
from tokenizers import Tokenizer
from transformers import PreTrainedTokenizerFast

from ..places import Json, read_json, write_json
from ..versions import versions
from .small_tokenizers import FOLDER

ABOUT = (
    "What transformers' PreTrainedTokenizerFast gives for lists of texts and of pairs (pair null where there is none) "
    "with truncation=True and max_length. Tokenizers are files of test/oracle/tokenizers, but "
    "for what is changed in them. token_type_ids has a digit for each token."
)

TEXTS = [
    "",
    "Call me Ishmael.",
    "  Some years ago --   never mind how long\tprecisely --\n\nhaving little or no money in my purse!  ",
    "Naïve café, Ångström; ÉLAN: e\u0301lan. Ǆ ﬁ İstanbul ΟΔΟΣ ΌΔΟΣ.",
    "東京 the 海,カタカナ한국어\U00020000\U0002a700\U0002b800 and 𠮷野家",
    "🙂👍🏽 👩\u200d👩\u200d👧 flags 🇫🇷!",
    "nul\0 bell\a del\x7f nel\x85 zero\u200bwidth bom\ufeff soft\u00adhyphen nbsp\u00a0wide\u3000line\u2028 bad\ufffd",
    "a \x85\x85 b \ufeff\ufeff c\u2003\u2003d",
    "don't they're I'LL we've 'tis 1,234.50 and 9⅔ ² x_y $5 ^caret `tick ~ «quoted» ¿qué?",
    "w" * 120,
    "[CLS] [SEP]<s></s>[MASK]<mask> <pad> [PAD]",
    "A whale [SEP] and \x85 \ufeff\x85 <mask>  a </s>ship [MASK].",
]
"""Single texts."""
PAIRS = [
    ("Call me Ishmael.", "Some years ago, never mind how long precisely, I thought I would sail about a little."),
    ("Some years ago, never mind how long precisely, I thought I would sail about a little.", "Call me Ishmael."),
    ("The whale and the ship", "The ship and the whale"),
    ("東京 🙂", "Naïve café"),
    ("Whale", ""),
    ("", "Whale"),
    ("", ""),
    ("[SEP]</s>", "<s>[CLS] [MASK]"),
]
LENGTHS = [4, 9, 64]
WHOLE = 512
"""A maximum length at which no text is truncated."""
ASKED: list[tuple[str, str | None, int]] = [
    *((text, None, WHOLE) for text in TEXTS),
    *((TEXTS[2], None, length) for length in LENGTHS),
    *((*pair, length) for pair in PAIRS for length in LENGTHS),
]


def make_encoding(root: Path) -> None:
    rows = []
    for name, (file, changes) in TOKENIZERS.items():
        definition = json.dumps(read_json(FOLDER / file) | changes)
        tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer.from_str(definition))
        for number, asked in enumerate(ASKED):
            rows.append({"situation": f"{name}: {number}", "tokenizer": name} | _row(tokenizer, *asked))
    document = {
        "about": ABOUT,
        "versions": versions() | {"tokenizers": tokenizers.__version__},
        "tokenizers": {name: {"file": file, "changes": changes} for name, (file, changes) in TOKENIZERS.items()},
        "rows": rows,
    }
    write_json(root / "encoding.json", document)


def _special(token: str, type_id: int) -> Json:
    return {"SpecialToken": {"id": token, "type_id": type_id}}


def _sequence(name: str, type_id: int) -> Json:
    return {"Sequence": {"id": name, "type_id": type_id}}


def _beginning_with(token: str, number: int) -> Json:
    """Returns a post-processor like Llama 3's, which puts a token before each text."""
    template = {
        "type": "TemplateProcessing",
        "single": [_special(token, 0), _sequence("A", 0)],
        "pair": [_special(token, 0), _sequence("A", 0), _special(token, 1), _sequence("B", 1)],
        "special_tokens": {token: {"id": token, "ids": [number], "tokens": [token]}},
    }
    return {
        "type": "Sequence",
        "processors": [
            {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False, "use_regex": True},
            template,
        ],
    }


def _between(first: str, first_id: int, last: str, last_id: int) -> Json:
    """Returns a post-processor like ModernBERT's, which puts a token before texts, and another after each."""
    return {
        "type": "TemplateProcessing",
        "single": [_special(first, 0), _sequence("A", 0), _special(last, 0)],
        "pair": [
            *(_special(first, 0), _sequence("A", 0), _special(last, 0)),
            *(_sequence("B", 1), _special(last, 1)),
        ],
        "special_tokens": {
            token: {"id": token, "ids": [number], "tokens": [token]}
            for token, number in ((first, first_id), (last, last_id))
        },
    }


def _run_of_spaces(number: int, count: int) -> Json:
    token = {"id": number, "content": " " * count, "normalized": True, "special": False}
    return token | dict.fromkeys(("single_word", "lstrip", "rstrip"), False)


SPECIAL: list[Json] = read_json(FOLDER / "roberta.json")["added_tokens"]


TOKENIZERS: dict[str, tuple[str, dict[str, Json]]] = {
    "BERT, uncased": ("bert_uncased.json", {}),
    "BERT, cased": ("bert_cased.json", {}),
    "BERT with accents": (
        "bert_uncased.json",
        {
            "normalizer": {"type": "BertNormalizer", "clean_text": False, "handle_chinese_chars": False}
            | {"strip_accents": False, "lowercase": True},
            "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]},
        },
    ),
    "RoBERTa": ("roberta.json", {}),
    "RoBERTa with a space before a text": (
        "roberta.json",
        {"pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}},
    ),
    "ModernBERT": (
        "roberta.json",
        {
            "normalizer": {"type": "NFC"},
            "added_tokens": [*SPECIAL, _run_of_spaces(480, 3), _run_of_spaces(481, 2)],
            "post_processor": _between("<s>", 0, "</s>", 2),
        },
    ),
    "GPT-2": ("roberta.json", {"post_processor": None}),
    "Llama 3": ("roberta.json", {"post_processor": _beginning_with("<s>", 0)}),
}


def _row(tokenizer: PreTrainedTokenizerFast, text: str, pair: str | None, max_length: int) -> Json:
    """Encodes lists of one text, as in a data set. Only in lists does an empty second text still make a pair."""
    made = tokenizer(
        [text],
        None if pair is None else [pair],
        truncation=True,
        max_length=max_length,
        return_token_type_ids=True,
    )
    types = "".join(map(str, made["token_type_ids"][0]))
    row = {"text": text, "pair": pair, "max_length": max_length}
    return row | {"input_ids": made["input_ids"][0], "token_type_ids": types}
