"""Trains ten steps with torch's AdamW, and measures the effect of rounding on the results."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from transformers import get_linear_schedule_with_warmup

from ..places import Json
from .adapters import State, largest_difference, set_state, state_of
from .bases import Model
from .case_spec import Training
from .contrast import contrast_of
from .inputs import Batch, counted_tokens
from .recipe import Recipe

STEPS = 10
JITTER = 3e-6
"""The size of the noise that is added to gradients, relative to the largest entry of each tensor."""
LOSS_FLOOR, FINAL_FLOOR = 2e-4, 5e-5
"""The smallest tolerances of losses and of final values: float32's rounding errors."""
MARGIN = 5
"""The factor from the measured noise to the tolerances."""


@dataclass
class Run:
    losses: list[float] = field(default_factory=list)
    grad_norms: list[float] = field(default_factory=list)
    """The norms of the gradients before clipping."""
    lrs: list[float] = field(default_factory=list)
    batches: list[list[int]] = field(default_factory=list)
    final: State = field(default_factory=dict)


def train(model: Model, spec: Training, batches: Sequence[Batch], jitter_seed: int | None = None) -> Run:
    """Trains. With `jitter_seed`, gradients get a little noise, which shows how strongly results depend on rounding."""
    model.train()
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=spec.lr, weight_decay=spec.weight_decay)
    schedule = get_linear_schedule_with_warmup(optimizer, spec.warmup_steps, STEPS) if spec.warmup_steps else None
    generator = None if jitter_seed is None else torch.Generator().manual_seed(jitter_seed)
    accumulate = spec.accumulate or 1
    run = Run()
    for step in range(STEPS):
        chosen = [(step * accumulate + index) % len(batches) for index in range(accumulate)]
        optimizer.zero_grad()
        run.losses.append(_backward(model, spec, [batches[index] for index in chosen]))
        if generator is not None:
            _add_noise(parameters, generator)
        limit = spec.max_grad_norm or float("inf")
        run.grad_norms.append(torch.nn.utils.clip_grad_norm_(parameters, limit).item())
        run.lrs.append(optimizer.param_groups[0]["lr"])
        run.batches.append(chosen)
        optimizer.step()
        if schedule is not None:
            schedule.step()
    model.eval()
    run.final = state_of(model)
    return run


def _backward(model: Model, spec: Training, batches: Sequence[Batch]) -> float:
    """Adds up the gradients of a step's batches, and returns the step's loss."""
    total = 0.0
    tokens = sum(counted_tokens(batch) for batch in batches) if spec.normalise == "token_mean" else None
    for batch in batches:
        by_tokens = {} if tokens is None else {"num_items_in_batch": tokens}
        own = model(**batch, **by_tokens).loss if spec.contrast is None else contrast_of(model, batch, spec.contrast)
        loss = own / (len(batches) if tokens is None else 1)
        loss.backward()
        total += loss.item()
    return total


def _add_noise(parameters: Sequence[torch.nn.Parameter], generator: torch.Generator) -> None:
    for parameter in parameters:
        if parameter.grad is None:
            continue
        size = JITTER * parameter.grad.abs().max().item()
        # A gradient of exactly zero gets no noise, because every implementation gives exactly zero.
        noise = torch.randn(parameter.shape, generator=generator) * (parameter.grad != 0)
        parameter.grad.add_(noise * size)


def record(recipe: Recipe, spec: Training, batches: Sequence[Batch], start: State) -> tuple[Json, State]:
    """Trains, and returns the run's figures (with tolerances derived from its noise) and its final values."""

    def run(*, other: bool = False, jitter_seed: int | None = None) -> Run:
        model = recipe.fresh(other=other)
        set_state(model, start)
        return train(model, spec, batches, jitter_seed)

    reference = run()
    with recipe.otherwise():
        others = [run(other=True)]
    others += [run(jitter_seed=recipe.case.seed + index) for index in (1, 2, 3)]
    losses = [max(abs(a - b) for a, b in zip(reference.losses, it.losses, strict=True)) for it in others]
    final = {
        name: [largest_difference(it.final[name], value) for it in others] for name, value in reference.final.items()
    }
    clipped = sum(norm > spec.max_grad_norm for norm in reference.grad_norms) if spec.max_grad_norm else None
    figures = {
        **spec.as_json(),
        "optimizer": "torch.optim.AdamW",
        "betas": [0.9, 0.999],
        "eps": 1e-8,
        "steps": STEPS,
        "losses": reference.losses,
        "grad_norms": reference.grad_norms,
        "lrs": reference.lrs,
        "batches": reference.batches,
        **({} if clipped is None else {"clipped_steps": clipped}),
        "noise": {
            "losses_eager": losses[0],
            "losses_jitter": max(losses[1:]),
            "final_eager": max(moved[0] for moved in final.values()),
            "final_jitter": max(max(moved[1:]) for moved in final.values()),
        },
        "tolerance": {
            "losses_abs": rounded(max(LOSS_FLOOR, MARGIN * max(losses)), 2),
            "final_abs_default": FINAL_FLOOR,
            "final_abs": {
                name: rounded(MARGIN * max(moved), 2)
                for name, moved in final.items()
                if MARGIN * max(moved) > FINAL_FLOOR
            },
        },
    }
    return figures, reference.final


def rounded(value: float, digits: int) -> float:
    """Rounds a number to `digits` significant digits."""
    return float(f"{value:.{digits}g}")
