"""Supervised contrastive learning, by the formulas in the code of Khosla et al. 2020 (SupConLoss, one view)."""

import torch
from torch.nn.functional import normalize

from .bases import Model
from .inputs import Batch

HEAD = "base_model.model.classifier"


def contrast_of(model: Model, batch: Batch, temperature: float) -> torch.Tensor:
    return supervised_contrast(_features(model, batch), batch["labels"], temperature)


def supervised_contrast(features: torch.Tensor, labels: torch.Tensor, temperature: float) -> torch.Tensor:
    """Returns the mean loss over all rows. A row that is the only one of its class adds zero."""
    unit = normalize(features, dim=1)
    others = 1 - torch.eye(len(labels))
    positives = (labels[:, None] == labels[None, :]).float() * others
    similarities = unit @ unit.T / temperature
    logits = similarities - similarities.max(dim=1, keepdim=True).values.detach()
    log_probabilities = logits - torch.log((torch.exp(logits) * others).sum(1, keepdim=True))
    counts = positives.sum(1)
    per_row = -(positives * log_probabilities).sum(1) / torch.where(counts < 1, torch.ones_like(counts), counts)
    return per_row.mean()


def _features(model: Model, batch: Batch) -> torch.Tensor:
    """Returns the inputs of the head's last layer: (rows, features)."""
    seen: list[torch.Tensor] = []
    hook = model.get_submodule(HEAD).register_forward_pre_hook(lambda _module, inputs: seen.append(inputs[0]))
    try:
        model(**{name: value for name, value in batch.items() if name != "labels"})
    finally:
        hook.remove()
    return seen[0]
