"""Compares new results with those in `test/golden`."""

import re
from pathlib import Path

from safetensors.torch import load_file

from .cases.adapters import State, largest_difference
from .cases.inputs import Batch, from_json, real_rows
from .places import OF_VERSION_4, Json, read_json
from .report import ABSENT, Near, Report, Rule

FIGURES = re.compile(r"expect\.(base|init|random|disabled|merged)\.loss$|steps\.\d+\.loss$")
LOSS_OF_A_SITUATION = 1e-4
RATE = 1e-12
"""The tolerance of learning rates, which are always computed in float64."""


def compare_base(report: Report, name: str, committed: Path, now: Path) -> None:
    for path in sorted(committed.glob("*.json")):
        if path.name == OF_VERSION_4:
            continue
        new = read_json(now / path.name) if (now / path.name).exists() else ABSENT
        report.json(f"base/{name}/{path.name}", read_json(path), new, _but_versions("base configurations"))
    for path in sorted(committed.glob("*.safetensors")):
        _exact_tensors(report, "base weights", f"base/{name}/{path.name}", path, now / path.name)


def compare_case(report: Report, name: str, committed: Path, now: Path) -> None:
    """Compares a case of one or of two adapters."""
    document = read_json(committed / "case.json")
    report.json(name, document, read_json(now / "case.json"), _rule_of(document))
    for folder in sorted(path.parent for path in committed.rglob("adapter_config.json")):
        where = folder.relative_to(committed)
        compare_adapter(report, f"{name}/{where}", folder, now / where)
    if (committed / "tensors.safetensors").exists():
        tensors, new = (load_file(folder / "tensors.safetensors") for folder in (committed, now))
        for key in tensors.keys() | new.keys():
            _compare_tensor(report, name, key, (tensors, new), document)


def compare_adapter(report: Report, where: str, committed: Path, now: Path) -> None:
    config, new = (read_json(folder / "adapter_config.json") for folder in (committed, now))
    for it in (config, new):
        for field in ("target_modules", "exclude_modules", "feedforward_modules"):
            if isinstance(it.get(field), list):
                it[field].sort()
    report.json(f"{where}/adapter_config.json", config, new, _but_versions("adapters' configurations"))
    file = "adapter_model.safetensors"
    _exact_tensors(report, "tensors of adapters' files", f"{where}/{file}", committed / file, now / file)


def compare_table(report: Report, name: str, committed: Path, now: Path) -> None:
    """Compares tables such as errors.json. Rows with the same subject are compared, whatever their order."""
    old, new = (_by_subject(read_json(path)) for path in (committed, now))

    def rule(path: str) -> Near | str | None:
        if name == "errors" and re.search(r"\.result\.(loss|first)\w*$", path):
            return Near("losses in odd situations", LOSS_OF_A_SITUATION)
        if name == "activations" and re.search(r"\.(y|dx)\.\d+$", path):
            return Near("what activations give", 1e-12)
        if name == "l2_normalize" and re.search(r"\.(y|dx)\.\d+$", path):
            return Near("what F.normalize gives", 1e-12)
        if name == "short_conv" and re.search(r"\.(y|d?weight|d?bcx|dy)\.\d+\.\d+$", path):
            return Near("what Lfm2ShortConv gives", 1e-12)
        if name == "image_features" and re.search(r"\.(features|pooled)\.\d+\.\d+$", path):
            return Near("vectors of images", 2e-6)
        if name == "positions" and re.search(r"\.positions\.\d+$", path):
            return Near("positions of images of another size", 2e-6)
        if name == "sentences" and re.search(r"\.vectors\.\d+\.\d+$", path):
            return Near("vectors of sentences", 2e-6)
        if name == "rope" and re.search(r"\.tables\.\d+\.\d+$", path):
            return Near("rotary embeddings", 1e-5)
        if name in ("dpo", "kto") and re.search(r"\.(start|final)\.[^.].*\.\d+$", path):
            return Near("vectors that TRL trained", 1e-4)
        if name in ("dpo", "kto") and re.search(r"\.(logs|logps|tolerance)\.", path):
            return Near("numbers of TRL's logs", 1e-2)
        if name == "regression" and re.search(r"\.predictions\.\d+$", path):
            return Near("predictions of scikit-learn", 1e-6)
        return f"rows of {name}.json"

    report.json(name, old, new, rule)


def _by_subject(document: Json) -> Json:
    if "rows" not in document:
        return document
    subjects = (
        *("situation", "base", "config", "args", "task_type", "key", "init", "seed"),
        *("r", "in", "out", "template", "chat"),
    )
    return {", ".join(str(row[it]) for it in subjects if it in row): row for row in document["rows"]}


def _but_versions(kind: str) -> Rule:
    versions = ("transformers_version", "peft_version")
    return lambda path: None if path in versions else kind


def _rule_of(document: Json) -> Rule:
    tolerance = document["tolerance"]
    training = document.get("expect", {}).get("train", [])
    measured = r"(versions|about|compare|noise|tolerance)\b|.*(_gap|_to_unmerged)$|adapter_config\.peft_version"

    def rule(path: str) -> Near | str | None:
        if re.match(measured, path) or re.match(r"expect\.train\.\d+\.(noise|tolerance)\b", path):
            return None
        if FIGURES.match(path):
            return Near("losses", tolerance["loss_abs"])
        if path == "expect.random.grad_norm" or ".grad_norms." in path:
            # A case has no tolerance for gradient norms, so this uses the tolerance of gradients.
            return Near("gradient norms", tolerance["grad_abs"])
        if run := re.match(r"expect\.train\.(\d+)\.(losses|lrs)\.", path):
            if run[2] == "lrs":
                return Near("learning rates", RATE)
            return Near("losses in training", training[int(run[1])]["tolerance"]["losses_abs"])
        return "names, shapes, configurations and tokens"

    return rule


def _compare_tensor(report: Report, name: str, key: str, files: tuple[State, State], document: Json) -> None:
    where, tolerance = f"{name}: {key}", document["tolerance"]
    if not all(key in file for file in files):
        absent = "committed" if key in files[1] else "made now"
        report.same("tensors", where, False, f"not among those {absent}")
        return
    old, new = (file[key] for file in files)
    if key.endswith(".logits"):
        batch: Batch = from_json(document["inputs"]["batch"])
        difference = largest_difference(real_rows(old, batch), real_rows(new, batch))
        report.near("logits", where, difference, tolerance["logits_abs"])
    elif ".grad." in key:
        report.near("gradients", where, largest_difference(old, new), tolerance["grad_abs"])
    elif key.startswith(("merged.weight.", "merged.bias.")):
        report.near("merged weights", where, largest_difference(old, new), tolerance["merged_weight_abs"])
    elif run := re.match(r"train\.(\w+)\.final\.(.*)", key):
        allowed = next(it["tolerance"] for it in document["expect"]["train"] if it["id"] == run[1])
        limit = allowed["final_abs"].get(run[2], allowed["final_abs_default"])
        report.near("what was trained", where, largest_difference(old, new), limit)
    else:
        report.near("values that adapters are set to", where, largest_difference(old, new), 0.0)


def _exact_tensors(report: Report, kind: str, where: str, committed: Path, now: Path) -> None:
    new = load_file(now) if now.exists() else {}
    old = load_file(committed)
    for name in dict.fromkeys([*old, *new]):
        same = (
            name in old and name in new and old[name].dtype == new[name].dtype and bool((old[name] == new[name]).all())
        )
        trouble = "absent now" if name not in new else "new" if name not in old else "other values"
        report.same(kind, f"{where}: {name}", same, trouble)
