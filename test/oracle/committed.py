"""Checks committed files: whether the installed PEFT reads them, and whether formulas give the same numbers."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file

from .cases.adapters import State, forward, largest_difference, loaded
from .cases.bases import Model, load_base
from .cases.inputs import from_json, real_rows
from .cases.releases import RELEASES, logits_of
from .numbers.prng import emulate
from .places import GOLDEN, ORACLE, Json, read_json
from .report import Report

OLD_LOGITS = 2e-4
"""The tolerance of logits with other releases' files: the smallest that a case has."""
HASHES = (
    "import json, sys; from oracle.numbers.prng import drawn_hashes as of; "
    "print(json.dumps(of(json.loads(sys.argv[1]))))"
)


def look_at_case(report: Report, name: str) -> None:
    folder = GOLDEN / "cases" / name
    document = read_json(folder / "case.json")
    tensors = load_file(folder / "tensors.safetensors")
    base = GOLDEN / document["base"]
    batch = from_json(document["inputs"]["batch"])
    if "input.0.pixel_values" in tensors:
        batch["pixel_values"] = tensors["input.0.pixel_values"]
    limit = document["tolerance"]["logits_abs"]
    expected = real_rows(tensors["random.logits"], batch)
    for adapter in ("adapter", "adapter_noproj"):
        logits = real_rows(forward(loaded(base, folder / adapter), batch)[0], batch)
        report.near("logits with committed adapters", f"{name}/{adapter}", largest_difference(logits, expected), limit)

    saved = load_file(folder / "adapter" / "adapter_model.safetensors")
    A, B = saved["base_model.vera_A"], saved["base_model.vera_B"]
    r, max_in, max_out = A.shape[0], A.shape[1], B.shape[0]
    drawn = [fused for _, fused in emulate(document["adapter_config"]["projection_prng_key"], r, max_in, max_out)]
    for key, values, expected_values in (("vera_A", A, drawn[0]), ("vera_B", B, drawn[1])):
        same = bool(np.array_equal(values.numpy().ravel(), expected_values))
        report.same("A and B from the generator alone", f"{name}: {key}", same, "other values")

    merged = _by_formula(base, document, tensors, A, B)
    logits = real_rows(forward(merged, batch)[0], batch)
    report.near("logits by the formula", name, largest_difference(logits, expected), limit)
    for module in document["expect"]["merged"]["modules"]:
        weight = merged.get_submodule(module).weight.data
        difference = largest_difference(weight, tensors[f"merged.weight.{module}"])
        allowed = document["tolerance"]["merged_weight_abs"]
        report.near("merged weights by the formula", f"{name}: {module}", difference, allowed)


@torch.no_grad()
def _by_formula(
    folder: Path,
    document: Json,
    tensors: State,
    A: torch.Tensor,
    B: torch.Tensor,
) -> Model:
    """Returns the base model with weights W + diag(λ_b)·B·diag(λ_d)·A and with the trained biases."""
    prefix = "random.state.base_model.model."
    state = {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
    model = load_base(folder)
    for module in document["wrapped_modules"]:
        name = module["name"]
        b, d = (state.pop(f"{name}.vera_lambda_{vector}") for vector in "bd")
        delta = (b[:, None] * B[: module["out_features"]]) @ (d[:, None] * A[:, : module["in_features"]])
        model.get_submodule(name).weight += delta.T if module["kind"] == "Conv1D" else delta
    for name, value in state.items():
        model.get_parameter(name.replace(".base_layer.", ".")).copy_(value)
    return model


def look_at_prng(report: Report) -> None:
    """Checks that torch's default code draws the numbers that prng.json calls unfused (rounded twice), and its AVX2
    code the fused ones (rounded once). Skips the largest rows."""
    rows = [row for row in read_json(GOLDEN / "prng.json")["rows"] if row["r"] * (row["in"] + row["out"]) < 600_000]
    arguments = json.dumps([[int(row["key"]), row["r"], row["in"], row["out"]] for row in rows])
    for capability, field in (("default", "sha256_unfused"), ("avx2", "sha256")):
        output = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", HASHES, arguments],
            check=True,
            capture_output=True,
            cwd=ORACLE.parent,
            env={**os.environ, "ATEN_CPU_CAPABILITY": capability},
        ).stdout
        for row, hashes in zip(rows, json.loads(output), strict=True):
            where = f"key {row['key']}, r {row['r']}, in {row['in']}, out {row['out']}"
            expected = [row[name][field] for name in ("vera_A", "vera_B")]
            report.equal(f"A and B from torch for {capability}", where, expected, hashes)


def look_at_release(report: Report, release: str) -> None:
    """Loads another release's files with the installed PEFT, and compares the logits."""
    folder = RELEASES / release
    expected = load_file(folder / "logits.safetensors")
    for name in read_json(folder / "release.json")["adapters"]:
        difference = largest_difference(logits_of(folder / name), expected[name])
        report.near("logits with other releases' files", f"releases/{release}/{name}", difference, OLD_LOGITS)
