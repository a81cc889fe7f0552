"""The batches of cases. Each case draws them from its own random generator."""

from collections.abc import Callable

import torch

from ..places import Json
from .families import CHANNELS, CLASSES, IMAGE, LABELS, VOCABULARY

ROWS, LENGTH = 2, 10
BATCHES = 4
IGNORED = -100
"""The label of a token that has no loss."""

Batch = dict[str, torch.Tensor]


def make_batches(kind: str, generator: torch.Generator) -> list[Batch]:
    return [KINDS[kind](generator) for _ in range(BATCHES)]


def text(generator: torch.Generator, padding: str = "", pad_id: int = 2) -> Batch:
    """Draws rows of tokens; `padding` is '', 'left' or 'right'. Each row begins with a prompt, which has no loss."""
    ids = torch.randint(3, VOCABULARY, (ROWS, LENGTH), generator=generator)
    mask = torch.ones(ROWS, LENGTH, dtype=torch.long)
    if padding:
        absent = [0, *torch.randint(2, 5, (ROWS,), generator=generator).tolist()[1:]]
        for row, count in enumerate(absent):
            if count == 0:
                continue
            where = slice(LENGTH - count, LENGTH) if padding == "right" else slice(0, count)
            ids[row, where] = pad_id
            mask[row, where] = 0
    labels = ids.clone()
    labels[mask == 0] = IGNORED
    for row in range(ROWS):
        prompt = mask[row].nonzero().flatten()[: 2 + row % 2]
        labels[row, prompt] = IGNORED
    return {"input_ids": ids, "attention_mask": mask, "labels": labels}


Labels = Callable[[torch.Generator], torch.Tensor]


def _one_label(generator: torch.Generator) -> torch.Tensor:
    return torch.randint(0, LABELS, (ROWS,), generator=generator)


def _one_number(generator: torch.Generator) -> torch.Tensor:
    return torch.randn(ROWS, generator=generator)


def _several_labels(generator: torch.Generator) -> torch.Tensor:
    return torch.randint(0, 2, (ROWS, LABELS), generator=generator).float()


def _several_numbers(generator: torch.Generator) -> torch.Tensor:
    return torch.randn(ROWS, LABELS, generator=generator)


def _classified(pad_id: int, *, token_types: bool = False, labels: Labels = _one_label) -> Callable[..., Batch]:
    def draw(generator: torch.Generator) -> Batch:
        tokens = text(generator, "right", pad_id)
        batch = {"input_ids": tokens["input_ids"], "attention_mask": tokens["attention_mask"]}
        if token_types:
            types = torch.zeros_like(batch["input_ids"])
            types[:, LENGTH // 2 :] = 1
            batch["token_type_ids"] = types * batch["attention_mask"]
        batch["labels"] = labels(generator)
        return batch

    return draw


def _paired(generator: torch.Generator) -> Batch:
    """Draws three times as many rows as usual. Two classes have several rows; one class has a single row."""
    draw = _classified(0, token_types=True)
    parts = [draw(generator) for _ in range(3)]
    batch = {name: torch.cat([part[name] for part in parts]) for name in parts[0]}
    classes = torch.tensor([0, 0, 0, 1, 1, 2])
    return {**batch, "labels": classes[torch.randperm(len(classes), generator=generator)]}


def _tagged(pad_id: int, *, token_types: bool = False) -> Callable[..., Batch]:
    """Returns a function that draws batches. Padding and each third token, like later parts of words, have no label."""
    draw_rows = _classified(pad_id, token_types=token_types)

    def draw(generator: torch.Generator) -> Batch:
        batch = draw_rows(generator)
        labels = torch.randint(0, LABELS, (ROWS, LENGTH), generator=generator)
        labels[:, 2::3] = IGNORED
        return {**batch, "labels": labels.masked_fill(batch["attention_mask"] == 0, IGNORED)}

    return draw


def _first_learnt(generator: torch.Generator) -> Batch:
    """Draws a batch padded on the left. The first real token has a label, predicted from a padding position."""
    batch = text(generator, "left")
    ids, mask, labels = (batch[name] for name in ("input_ids", "attention_mask", "labels"))
    first = mask.argmax(1, keepdim=True)
    return {**batch, "labels": labels.scatter(1, first, ids.gather(1, first))}


def _padding_read(generator: torch.Generator) -> Batch:
    """Draws rows with RoBERTa's padding token in their midst and unmasked. Position ids don't count such tokens."""
    batch = _classified(1)(generator)
    batch["input_ids"][:, [3, 6]] = 1
    batch["attention_mask"][:, [3, 6]] = 1
    return batch


def _images(generator: torch.Generator) -> Batch:
    pixels = torch.randn(ROWS, CHANNELS, IMAGE, IMAGE, generator=generator)
    return {"pixel_values": pixels, "labels": torch.randint(0, CLASSES, (ROWS,), generator=generator)}


KINDS: dict[str, Callable[[torch.Generator], Batch]] = {
    "text": text,
    "text, padded left": lambda generator: text(generator, "left"),
    "text, padded left, first token learnt": _first_learnt,
    "text, padded right": lambda generator: text(generator, "right"),
    "bert": _classified(0, token_types=True),
    "distilbert": _classified(0),
    "roberta": _classified(1),
    "roberta, padding read": _padding_read,
    "regression": _classified(1, labels=_one_number),
    "bert, several labels": _classified(0, token_types=True, labels=_several_labels),
    "bert, several numbers": _classified(0, token_types=True, labels=_several_numbers),
    "decoder": _classified(2),
    "bert, in pairs": _paired,
    "bert, tagged": _tagged(0, token_types=True),
    "distilbert, tagged": _tagged(0),
    "decoder, tagged": _tagged(2),
    "images": _images,
}


def is_text(kind: str) -> bool:
    return kind.startswith("text")


def as_json(batch: Batch) -> Json:
    return {name: tensor.tolist() for name, tensor in batch.items() if name != "pixel_values"}


def from_json(batch: Json) -> Batch:
    return {name: torch.tensor(value) for name, value in batch.items()}


def counted_tokens(batch: Batch) -> int:
    """Returns the number of labels in a model's loss. A row's first label doesn't count: no token predicts it."""
    return int((batch["labels"][:, 1:] != IGNORED).sum())


def real_rows(logits: torch.Tensor, batch: Batch) -> torch.Tensor:
    """Returns a language model's logits without those of padding, which are arbitrary; of other models, all logits."""
    return logits[batch["attention_mask"].bool()] if logits.ndim == 3 else logits
