"""Records a token classifier's rows from transformers: the first token of a word has the word's label."""

import json
from pathlib import Path

import tokenizers
from tokenizers import Tokenizer
from transformers import PreTrainedTokenizerFast

from ..cases.inputs import IGNORED
from ..places import Json, read_json, write_json
from ..versions import versions
from .encoding import TOKENIZERS
from .small_tokenizers import FOLDER

ABOUT = (
    "What transformers' PreTrainedTokenizerFast gives for words with is_split_into_words=True, truncation=True and "
    "max_length. The label of a word is its number, and -100 stands for tokens without a label: special ones, and "
    "those after a word's first. "
    "Tokenizers are those of encoding.json; those of bytes add a space before each word (add_prefix_space=True), as "
    "transformers demands for words, so that a word has the tokens that it has within a text."
)
WORDS = [
    ["Ada", "Lovelace", "sings", "."],
    ["l'\u00e9t\u00e9", "d\u00e9j\u00e0-vu", "x86_64", "Stra\u00dfe"],
    ["the", "New York", "", "a"],
    ["\u65e5\u672c", "\u8a9e", "\U0001f642", "don't"],
]
LENGTHS = [4, 7, 64]


def make_words(root: Path) -> None:
    rows = []
    for name, (file, changes) in TOKENIZERS.items():
        tokenizer = Tokenizer.from_str(json.dumps(_spaced(read_json(FOLDER / file) | changes)))
        made = PreTrainedTokenizerFast(tokenizer_object=tokenizer)
        rows += [_row(made, name, words, length) for words in WORDS for length in LENGTHS]
    document = {"about": ABOUT, "versions": versions() | {"tokenizers": tokenizers.__version__}, "rows": rows}
    write_json(root / "words.json", document)


def _spaced(tokenizer: Json) -> Json:
    rules = tokenizer["pre_tokenizer"]
    if rules["type"] == "ByteLevel":
        return tokenizer | {"pre_tokenizer": rules | {"add_prefix_space": True}}
    return tokenizer


def _row(tokenizer: PreTrainedTokenizerFast, name: str, words: list[str], max_length: int) -> Json:
    made = tokenizer(words, is_split_into_words=True, truncation=True, max_length=max_length)
    numbers = made.word_ids()
    labels = [
        IGNORED if word is None or (place > 0 and numbers[place - 1] == word) else word
        for place, word in enumerate(numbers)
    ]
    row = {"tokenizer": name, "words": words, "max_length": max_length}
    return row | {"input_ids": made["input_ids"], "labels": labels}
