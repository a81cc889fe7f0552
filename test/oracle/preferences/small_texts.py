"""A tokenizer of 96 tokens, as many as the base models have, and texts that people may prefer."""

import json
import string

from tokenizers import Tokenizer, decoders, models
from transformers import PreTrainedTokenizerFast

from ..places import Json

EOS = "</s>"
MERGES = [("t", "h"), ("th", "e"), (" ", "t"), ("i", "n"), ("e", "r")]
"""Some merges cross the edge between a prompt and its completion."""
PAIRS: list[dict[str, str]] = [
    {"prompt": "The sea is", "chosen": " calm.", "rejected": " full of fish and rain."},
    {"prompt": "A ship", "chosen": " sails on.", "rejected": " waits"},
    # The prompt's last letter joins the first letter of one completion.
    {"prompt": "We met", "chosen": "hen.", "rejected": " him."},
    {"prompt": "Why?", "chosen": " It rains", "rejected": " No"},
    # Both completions are cut.
    {
        "prompt": "Call me when",
        "chosen": " the wind has turned to the west",
        "rejected": " you have nothing else to do",
    },
    {"prompt": "Go", "chosen": " home", "rejected": " away from here, now!"},
    # The chosen completion already ends with the end token.
    {"prompt": "Say it:", "chosen": f" yes{EOS}", "rejected": " never"},
    {"prompt": "Old maps lie,", "chosen": " she said.", "rejected": " so what"},
    # The prompt leaves no room for a completion.
    {"prompt": "The harbour lay quiet under a low, grey sky", "chosen": " and slept.", "rejected": "."},
]


def _tokenizer() -> Tokenizer:
    merged = ["".join(pair) for pair in MERGES]
    letters = [" ", *string.ascii_letters, *string.digits, *string.punctuation]
    tokens = [EOS, *letters][: 96 - len(merged)] + merged
    tokenizer = Tokenizer(models.BPE(vocab={token: id for id, token in enumerate(tokens)}, merges=MERGES))
    tokenizer.decoder = decoders.Fuse()
    tokenizer.add_special_tokens([EOS])
    return tokenizer


def ascii_tokenizer() -> PreTrainedTokenizerFast:
    return PreTrainedTokenizerFast(tokenizer_object=_tokenizer(), eos_token=EOS)


def tokenizer_files() -> Json:
    """The files beside a base model's, by name."""
    return {
        "tokenizer.json": json.loads(_tokenizer().to_str()),
        "tokenizer_config.json": {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": EOS},
    }
