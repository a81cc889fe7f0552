"""Records TRL's KTOTrainer: the tokens of rated texts, and ten training steps."""

import tempfile
from pathlib import Path
from typing import Any

import trl
from datasets import Dataset
from trl import KTOConfig, KTOTrainer

from ..places import Json, write_json
from ..versions import versions
from .runs import GPT2, LLAMA, MAX_LENGTH, QWEN2, Run, make_row, prepared, recording
from .small_texts import PAIRS, ascii_tokenizer

ABOUT = (
    "TRL's KTOTrainer over rated texts, with PEFT's VeRA over the base models. `tokens` are those that it learns of "
    "each text in batches of three; the last is left out. `logps` are the texts' log probabilities at the beginning. "
    "The tokenizer is that of dpo.json."
)
BAD = (1, 4, 5, 8)
"""Indices of pairs whose rejected text is rated. The first pair has both texts rated, all others the chosen text."""


def _arguments(beta: float = 0.1, desirable_weight: float = 1.0, undesirable_weight: float = 1.0) -> dict[str, Json]:
    return {"beta": beta, "desirable_weight": desirable_weight, "undesirable_weight": undesirable_weight}


RUNS = (
    Run("llama", LLAMA, _arguments()),
    Run("llama", LLAMA, _arguments(beta=0.5, desirable_weight=1.5, undesirable_weight=0.5), batch=4),
    Run("gpt2", GPT2, _arguments(beta=0.3), batch=2),
    Run("qwen2", QWEN2, _arguments(), batch=4),
)


def _examples() -> list[dict[str, Json]]:
    both = [("chosen", PAIRS[0]), ("rejected", PAIRS[0])]
    others = [("rejected" if index in BAD else "chosen", pair) for index, pair in enumerate(PAIRS)][1:]
    return [
        {"prompt": pair["prompt"], "completion": pair[which], "label": which == "chosen"}
        for which, pair in [*both, *others]
    ]


def make_kto(root: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        rows = [make_row(root, run, Path(folder), _trainer) for run in RUNS]
        tokens = prepared(root, RUNS[0], Path(folder), _trainer).train_dataset
        names = ("prompt_ids", "completion_ids", "KL_completion_ids")
        learnt = [{name: row[name] for name in names} for row in tokens]
    document = {
        "about": ABOUT,
        "versions": {**versions(), "trl": trl.__version__},
        "max_length": MAX_LENGTH,
        "examples": _examples(),
        "tokens": learnt,
        "rows": rows,
    }
    write_json(root / "kto.json", document)


def _trainer(run: Run, folder: Path, base: Any) -> Any:
    return recording(KTOTrainer)(
        model=base,
        args=KTOConfig(**run.arguments(folder), **run.own),
        train_dataset=Dataset.from_list(_examples()),
        processing_class=ascii_tokenizer(),
        peft_config=run.adapter(),
    )
