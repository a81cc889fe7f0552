"""Makes a tokenizer with 96 tokens, as many as the base models have, and pairs of preferred and rejected texts."""

import json
import string

from tokenizers import Tokenizer, decoders, models
from transformers import PreTrainedTokenizerFast

from ..places import Json

EOS = "</s>"
MERGES = [("t", "h"), ("th", "e"), (" ", "t"), ("i", "n"), ("e", "r")]
"""BPE merges. Some of them join a prompt's last token with its completion's first."""
PAIRS: list[dict[str, str]] = [
    {"prompt": "The sea is", "chosen": " calm.", "rejected": " full of fish and rain."},
    {"prompt": "A ship", "chosen": " sails on.", "rejected": " waits"},
    # The prompt's last letter merges with the first letter of one completion.
    {"prompt": "We met", "chosen": "hen.", "rejected": " him."},
    {"prompt": "Why?", "chosen": " It rains", "rejected": " No"},
    # Both completions are truncated.
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
    """Returns the tokenizer files, by name, that complete a base model's folder."""
    return {
        "tokenizer.json": json.loads(_tokenizer().to_str()),
        "tokenizer_config.json": {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": EOS},
    }
