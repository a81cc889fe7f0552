"""Records TRL's DPOTrainer: the tokens of pairs, their log probabilities, and ten training steps with each loss."""

import tempfile
from pathlib import Path
from typing import Any

import trl
from datasets import Dataset
from trl import DPOConfig, DPOTrainer

from ..places import Json, write_json
from ..versions import versions
from .runs import GPT2, LLAMA, MAX_LENGTH, QWEN2, Run, make_row, prepared, recording
from .small_texts import PAIRS, ascii_tokenizer, tokenizer_files

ABOUT = (
    "TRL's DPOTrainer over pairs of texts, with PEFT's VeRA over the base models. `tokens` are those that it learns of "
    "each pair; the ninth is left out. `logps` are the sequences' log probabilities at the beginning, all chosen ones "
    "before the rejected ones."
)


def _arguments(loss_type: str, beta: float = 0.1, label_smoothing: float = 0.0) -> dict[str, Json]:
    return {"beta": beta, "loss_type": loss_type, "label_smoothing": label_smoothing}


RUNS = (
    Run("llama", LLAMA, _arguments("sigmoid")),
    Run("llama", LLAMA, _arguments("sigmoid", beta=0.5), batch=2, accumulate=2),
    Run("llama", LLAMA, _arguments("robust", label_smoothing=0.1), batch=4),
    Run("llama", LLAMA, _arguments("ipo", beta=0.5)),
    Run("llama", LLAMA, _arguments("hinge"), batch=1),
    Run("gpt2", GPT2, _arguments("sigmoid")),
    Run("gpt2", GPT2, _arguments("ipo"), batch=2),
    Run("qwen2", QWEN2, _arguments("sigmoid"), batch=4),
    Run("qwen2", QWEN2, _arguments("hinge", beta=0.3)),
)


def make_dpo(root: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        rows = [make_row(root, run, Path(folder), _trainer) for run in RUNS]
        tokens = prepared(root, RUNS[0], Path(folder), _trainer).train_dataset
        names = ("prompt", "chosen", "rejected")
        learnt = [{name: row[f"{name}_ids"] for name in names} for row in tokens]
    document = {
        "about": ABOUT,
        "versions": {**versions(), "trl": trl.__version__},
        "files": tokenizer_files(),
        "max_length": MAX_LENGTH,
        "examples": PAIRS,
        "tokens": learnt,
        "rows": rows,
    }
    write_json(root / "dpo.json", document)


def _trainer(run: Run, folder: Path, base: Any) -> Any:
    return recording(DPOTrainer)(
        model=base,
        args=DPOConfig(**run.arguments(folder), **run.own),
        train_dataset=Dataset.from_list([dict(pair) for pair in PAIRS]),
        processing_class=ascii_tokenizer(),
        peft_config=run.adapter(),
    )
