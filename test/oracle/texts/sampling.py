"""Records the tokens that transformers may draw, and their scores, from its own logits processors in its own order."""

from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from transformers import GenerationConfig

from ..cases.bases import new_model
from ..cases.families import BASES
from ..places import Json, write_json
from ..versions import versions

ABOUT = (
    "logits of one sequence, the tokens that it has (ids), and what transformers' logits processors leave of them to "
    "draw: kept, the tokens by rising id, and scores, theirs before the softmax. Of equal logits at the edge of top_p "
    "transformers keeps some, by how torch sorts."
)


@dataclass(frozen=True)
class Row:
    """A recorded situation: the kind of logits that `_logits` draws, and fields of a GenerationConfig."""

    logits: str
    do_sample: bool = True
    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    repetition_penalty: float = 1.0


ROWS = [
    Row("normal", top_p=0.9),
    Row("normal", top_p=0.5),
    Row("normal", top_p=0.01),
    Row("normal", top_p=0.999),
    Row("normal", top_k=10, top_p=0.9),
    Row("normal", top_k=10, top_p=0.5, temperature=0.5),
    Row("normal", top_k=1, top_p=0.9),
    Row("normal", top_k=1000, top_p=0.7, temperature=2.0),
    Row("normal", temperature=5.0, top_p=0.8),
    Row("normal", temperature=0.05, top_p=0.95),
    Row("normal", repetition_penalty=1.3),
    Row("normal", repetition_penalty=0.5, top_k=5),
    Row("normal", repetition_penalty=2.0, top_p=0.9),
    Row("normal", repetition_penalty=1.3, temperature=0.7, top_k=20, top_p=0.9),
    Row("normal", repetition_penalty=1.7, do_sample=False),
    Row("long", top_p=0.9),
    Row("long", top_k=50, top_p=0.95, temperature=0.8, repetition_penalty=1.1),
    Row("equal", top_p=0.5),
    Row("equal", top_k=3, top_p=0.45),
    Row("steps", top_p=0.6),
    Row("steps", top_k=5, top_p=0.9),
    Row("steps", top_k=4, repetition_penalty=1.5),
    Row("infinite", top_p=0.9),
    Row("infinite", top_k=5, top_p=0.8, repetition_penalty=1.2),
    Row("one", top_k=50, top_p=0.1),
]


def make_sampling(root: Path) -> None:
    model = new_model(BASES["llama"])
    rows = []
    for seed, row in enumerate(ROWS):
        logits = _logits(row.logits, torch.Generator().manual_seed(seed))
        ids = _ids(logits)
        config = GenerationConfig(**{name: value for name, value in asdict(row).items() if name != "logits"})
        processors = model._get_logits_processor(config, input_ids_seq_length=ids.shape[1])
        scores = processors(ids, logits[None].clone())[0]
        kept = torch.nonzero(scores > -torch.inf).ravel()
        rows.append({"situation": f"{seed}: {row.logits}", **asdict(row), **_numbers(logits, ids, kept, scores[kept])})
    write_json(root / "sampling.json", {"about": ABOUT, "versions": versions(), "rows": rows})


def _numbers(logits: torch.Tensor, ids: torch.Tensor, kept: torch.Tensor, scores: torch.Tensor) -> Json:
    # JSON has no infinity.
    written = [None if it == -torch.inf else it for it in logits.tolist()]
    return {"logits": written, "ids": ids[0].tolist(), "kept": kept.tolist(), "scores": scores.tolist()}


def _logits(kind: str, generator: torch.Generator) -> torch.Tensor:
    # Multiples of 1/64, which both float32 and JSON represent exactly.
    normal = (torch.randn(300 if kind == "long" else 24, generator=generator) * 96).round() / 64
    match kind:
        case "equal":
            return torch.full((8,), 1.25)
        case "steps":
            return torch.tensor([2.0, 1.0, 1.0, 1.0, 3.0, 1.0, 0.0, 2.0, -1.0, -1.0])
        case "infinite":
            return torch.where(torch.arange(24) % 3 == 0, -torch.inf, normal)
        case "one":
            return normal[:1]
    return normal


def _ids(logits: torch.Tensor) -> torch.Tensor:
    """Returns every second token among the half with the largest logits, and then the first of these tokens again."""
    V = len(logits)
    best = torch.argsort(logits, descending=True, stable=True)[: max(1, V // 2) : 2]
    return torch.cat([best, best[:1]])[None]
