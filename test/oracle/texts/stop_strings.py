"""Records the number of tokens after which transformers' StopStringCriteria ends a text."""

from pathlib import Path

import torch
from transformers import PreTrainedTokenizerFast, StopStringCriteria

from ..places import ORACLE, write_json
from ..versions import versions

ABOUT = (
    "ids of a text by the tokenizer of demo/public/models/prose-1.4M, of which the first `prompt` are the prompt; "
    "strings to stop at; and length: how many new tokens there are when transformers' StopStringCriteria ends the "
    "text, null where it never does"
)
FOLDER = ORACLE.parent.parent / "demo" / "public" / "models" / "prose-1.4M"
TEXT = (
    "It was the whale, and nobody stopped it: “Stop!” cried the captain. Naïve, he paid £3.50 🙂 for the map.\n\n"
    "The end."
)

ROWS: list[tuple[int, list[str]]] = [
    (1, ["whale"]),
    (1, ["hal"]),
    (1, ["the wh"]),
    (1, [" nobody stopped"]),
    (1, ["e"]),
    (1, ["whale", "was"]),
    (1, ["not there"]),
    (1, ["£3", "€"]),
    (1, ["🙂"]),
    (1, [" 🙂 f"]),
    (1, ["ïv"]),
    (1, ["\n"]),
    (1, ["\n\nThe"]),
    (1, ["end.", "d."]),
    (4, ["It was the whale"]),
    (4, ["the wh", "captain"]),
    (4, ["was", "map"]),
    (6, ["It was"]),
]


def make_stop_strings(root: Path) -> None:
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(FOLDER / "tokenizer.json"))
    ids = tokenizer.encode(TEXT)
    rows = []
    for number, (prompt, strings) in enumerate(ROWS):
        criteria = StopStringCriteria(tokenizer, strings)
        lengths = range(1, len(ids) - prompt + 1)
        stops = (length for length in lengths if criteria(torch.tensor([ids[: prompt + length]]), None).item())
        situation = f"{number}: {', '.join(strings)}"
        rows.append({"situation": situation, "prompt": prompt, "stop_strings": strings, "length": next(stops, None)})
    write_json(root / "stop_strings.json", {"about": ABOUT, "versions": versions(), "ids": ids, "rows": rows})
