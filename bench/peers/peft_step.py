"""The benchmark's training step in real PEFT, on a CPU or an NVIDIA GPU, to compare with webvera on the same machine.

Models, shapes and adapters are those of `npm run bench`: random weights, VeRA on all linear layers, AdamW on the
vectors only, gradients clipped to a norm of 1. PyTorch runs eagerly, as for most users of PEFT: nothing is
compiled. f32 is PyTorch's default, which doesn't use TF32.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from peft import VeraConfig, get_peft_model
from transformers import AutoModelForCausalLM, LlamaConfig, OPTConfig

DTYPES = {"f32": torch.float32, "bf16": torch.bfloat16}
LLAMA_TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
OPT_TARGETS = ["q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2"]
WARM_UPS = 3
"""The steps before the measurement: the first allocates and chooses kernels, the next may still do one-time work."""
BATCHES = 4
"""The number of batches that the steps use in turn, as in the benchmark."""


@dataclass(frozen=True)
class Shape:
    """The sizes of a model and its batches, with their names in the benchmark's JSON."""

    hidden_size: int
    intermediate_size: int
    num_hidden_layers: int
    num_attention_heads: int
    num_key_value_heads: int
    vocab_size: int
    length: int
    batch: int


@dataclass(frozen=True)
class Case:
    shape: Shape
    ranks: tuple[int, ...]
    rope_theta: float | None
    """None for an OPT model, which has no rotary embeddings."""


CASES = {
    "tiny": Case(Shape(64, 172, 5, 8, 4, 512, 256, 4), (64,), 10_000),
    "small": Case(Shape(288, 768, 6, 6, 6, 32_000, 256, 1), (64, 256), 10_000),
    "opt-125m": Case(Shape(768, 3072, 12, 12, 12, 50_272, 64, 1), (256,), None),
    "smollm2-135m": Case(Shape(576, 1536, 30, 9, 3, 49_152, 64, 1), (256,), 100_000),
    "qwen2.5-0.5b": Case(Shape(896, 4864, 24, 14, 2, 151_936, 64, 1), (256,), 1_000_000),
}


class UsageError(Exception):
    """Raised for an option or a file that can't be used. The message is for the user."""


def main() -> None:
    options = read_options()
    try:
        against = None if options.against is None else read_benchmark(options.against)
        name, case = chosen(options, against)
    except UsageError as error:
        print(f"peft_step: {error}", file=sys.stderr)
        sys.exit(2)
    if options.device == "cuda" and not torch.cuda.is_available():
        print("peft_step: this machine has no GPU that PyTorch finds", file=sys.stderr)
        sys.exit(1)
    runs = [measure(case, r, options) for r in case.ranks]
    document: dict[str, Any] = {
        "torch": torch.__version__,
        **{package: version(package) for package in ("transformers", "peft")},
        "case": name,
        "dtype": options.dtype,
        "device": describe(options.device),
        "shape": asdict(case.shape),
        "rounds": options.rounds,
        "runs": runs,
        **({} if against is None else {"against": compare(runs, against)}),
    }
    print(json.dumps(document, indent=2) if options.json else table(document))


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", choices=CASES, help="tiny, or that of --against")
    parser.add_argument("--length", type=positive, help="tokens of a row: those of the case, or of --against")
    parser.add_argument("--r", type=positive, help="rank of the VeRA adapter: those of the case, or of --against")
    parser.add_argument("--dtype", choices=DTYPES, default="f32", help="of the model; PEFT keeps vectors in float32")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--rounds", type=positive, default=20, help="steps, of which the median counts (20)")
    parser.add_argument("--against", type=Path, help="what the benchmark printed here with --only training --json")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of lines")
    return parser.parse_args()


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError("not above zero")
    return number


def read_benchmark(path: Path) -> dict[str, Any]:
    """Reads the benchmark's JSON document. Raises UsageError unless PEFT can be compared with it."""
    try:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        medians_of(document)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"--against: {path} is no document of the benchmark: {error!r}") from error
    case = document.get("case")
    if case not in CASES:
        raise UsageError(f"--against: {path} has the case {case}, which is none of {', '.join(CASES)}")
    return document


def chosen(options: argparse.Namespace, against: dict[str, Any] | None) -> tuple[str, Case]:
    """Returns a case's name, and the case with its length and ranks. Options override the benchmark's document."""
    given = {} if against is None else against
    name: str = options.case or given.get("case", "tiny")
    case = CASES[name]
    shape = replace(case.shape, length=options.length or given.get("shape", {}).get("length", case.shape.length))
    ranks = (options.r,) if options.r else case.ranks if against is None else tuple(medians_of(against))
    if against is not None:
        if asdict(shape) != against["shape"]:
            raise UsageError(f"--against: its shape is {against['shape']}, not {asdict(shape)}")
        if not set(ranks) <= set(medians_of(against)) or not ranks:
            raise UsageError(f"--against: it has trainings of r {list(medians_of(against))}, not {list(ranks)}")
    return name, replace(case, shape=shape, ranks=ranks)


def medians_of(benchmark: dict[str, Any]) -> dict[int, float]:
    """Returns the median milliseconds of a step, by rank."""
    return {run["r"]: run["ms_per_step"]["median"] for run in benchmark["runs"]}


def measure(case: Case, r: int, options: argparse.Namespace) -> dict[str, Any]:
    """Times training steps one by one, and waits for the end of each."""
    shape, device = case.shape, torch.device(options.device)
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
    model = adapted(case, r, DTYPES[options.dtype]).to(device)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    step = training_step(model, trained, random_rows(shape, device))
    first, *_ = (timed(step, device) for _ in range(WARM_UPS))
    seconds = [timed(step, device) for _ in range(options.rounds)]
    median = statistics.median(seconds)
    return {
        "r": r,
        "trainable": sum(parameter.numel() for parameter in trained),
        "ms_per_step": {"median": median * 1000, "min": min(seconds) * 1000},
        "first_step_seconds": first,
        "tokens_per_second": shape.batch * shape.length / median,
        **({"gpu_bytes": {"peak": torch.cuda.max_memory_allocated()}} if device.type == "cuda" else {}),
    }


def adapted(case: Case, r: int, dtype: torch.dtype) -> Any:
    torch.manual_seed(0)
    base = AutoModelForCausalLM.from_config(config_of(case)).to(dtype)
    return get_peft_model(base, VeraConfig(r=r, target_modules=targets_of(case), task_type="CAUSAL_LM")).train()


def targets_of(case: Case) -> list[str]:
    return OPT_TARGETS if case.rope_theta is None else LLAMA_TARGETS


def config_of(case: Case) -> Any:
    """Returns the model's configuration, as in the benchmark's config.json."""
    sizes = asdict(case.shape)
    length = sizes.pop("length")
    del sizes["batch"]
    # Shapes with larger vocabularies are those of published models, which get at least 2048 positions.
    longest = length if case.shape.vocab_size <= 32_000 else max(2048, length)
    common = {"max_position_embeddings": longest, "use_cache": False}
    if case.rope_theta is not None:
        ids = {"bos_token_id": 0, "eos_token_id": 0}
        return LlamaConfig(
            **sizes, **common, **ids, rope_theta=case.rope_theta, rms_norm_eps=1e-5, tie_word_embeddings=True
        )
    del sizes["num_key_value_heads"]
    width = {"ffn_dim": sizes.pop("intermediate_size"), "word_embed_proj_dim": case.shape.hidden_size}
    # OPT's default dropout is off, as in webvera.
    return OPTConfig(**sizes, **common, **width, dropout=0.0, attention_dropout=0.0)


def random_rows(shape: Shape, device: torch.device) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(2)
    size = (shape.batch, shape.length)
    return [torch.randint(shape.vocab_size, size, generator=generator).to(device) for _ in range(BATCHES)]


def training_step(model: Any, trained: list[torch.nn.Parameter], batches: list[torch.Tensor]) -> Callable[[], None]:
    optimizer = torch.optim.AdamW(trained, lr=1e-3, weight_decay=0.0)
    taken = 0

    def step() -> None:
        nonlocal taken
        input_ids = batches[taken % len(batches)]
        taken += 1
        optimizer.zero_grad()
        model(input_ids=input_ids, labels=input_ids).loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()

    return step


def timed(step: Callable[[], None], device: torch.device) -> float:
    """Runs a step, and returns the seconds until the device has finished it."""
    settle(device)
    start = time.perf_counter()
    step()
    settle(device)
    return time.perf_counter() - start


def settle(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()


def describe(device: str) -> dict[str, Any]:
    if device == "cuda":
        return {"type": device, "name": torch.cuda.get_device_name()}
    return {"type": device, "name": f"{torch.get_num_threads()} threads"}


def compare(runs: list[dict[str, Any]], benchmark: dict[str, Any]) -> dict[str, Any]:
    """Returns webvera's time divided by PEFT's, for each rank."""
    medians = medians_of(benchmark)
    ratios = [
        {"r": run["r"], "webvera_ms": medians[run["r"]], "ratio": medians[run["r"]] / run["ms_per_step"]["median"]}
        for run in runs
    ]
    return {**{key: benchmark[key] for key in ("webvera", "adapter", "engine", "device")}, "runs": ratios}


def table(document: dict[str, Any]) -> str:
    device, shape, against = document["device"], document["shape"], document.get("against")
    versions = f"PEFT {document['peft']}, PyTorch {document['torch']}"
    lines = [f"{document['case']} on {device['type']} ({device['name']}), {document['dtype']}, {versions}"]
    lines += [
        f"r {run['r']}: {run['ms_per_step']['median']:.2f} ms a step of {shape['batch']} × {shape['length']} tokens, "
        f"{run['tokens_per_second']:,.0f} tokens/s"
        for run in document["runs"]
    ]
    if against is not None:
        name = against["device"]["description"] or against["device"]["vendor"]
        lines.append(f"webvera {against['webvera']} on {name}, {against['engine']}")
        lines += [
            f"r {run['r']}: {run['webvera_ms']:.2f} ms a step, {run['ratio']:.2f} × as long as PEFT"
            for run in against["runs"]
        ]
        if against["device"]["fallback"] and device["type"] == "cuda":
            print("peft_step: webvera ran on software there, not on this GPU", file=sys.stderr)
    return "\n".join(lines)


if __name__ == "__main__":
    main()
