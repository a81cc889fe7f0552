"""Writes `index.json`, the facts about each case. Tests choose cases by these facts instead of by lists of names."""

from pathlib import Path

from .places import GOLDEN, Json, read_json, write_json

INDEX = "index.json"
CAUSAL_LM = "causal_lm"
TASKS = {
    "ForSequenceClassification": "sequence_classification",
    "ForImageClassification": "image_classification",
    "ForTokenClassification": "token_classification",
}


def write_index() -> None:
    write_json(GOLDEN / INDEX, index_of_cases())


def index_of_cases() -> Json:
    """Returns the index. Reads only committed files, because older releases wrote some of them."""
    return {folder.name: _entry(folder) for folder in sorted((GOLDEN / "cases").iterdir())}


def _entry(folder: Path) -> Json:
    document = read_json(folder / "case.json")
    base = read_json(GOLDEN / document["base"] / "config.json")
    (architecture,) = base["architectures"]
    task = next((task for ending, task in TASKS.items() if architecture.endswith(ending)), CAUSAL_LM)
    config = document.get("vera_config") or document.get("peft_config")
    adapters = document.get("adapters", {"default": config})
    return {
        "base": document["base"].removeprefix("base/"),
        "family": base["model_type"],
        "task": task,
        "kind": adapters["default"].get("peft_type", "VERA"),
        "adapters": len(adapters),
        "rank": adapters["default"].get("r"),
        "dtype": base.get("dtype") or base.get("torch_dtype"),
        "trains": [key for key in ("biases", "modules") if _trains(document, key)],
        "runs": [run["id"] for run in document.get("expect", {}).get("train", ())],
        "covers": document["about"],
    }


def _trains(document: Json, what: str) -> bool:
    """Whether biases (or modules, depending on `what`) train in addition to the adapter's own parameters."""
    own = (".vera_lambda_", ".lora_", ".ia3_l", ".unilora_theta_d")
    names = [name for name in document.get("trainable", ()) if not any(part in name for part in own)]
    return any(name.endswith(".base_layer.bias") == (what == "biases") for name in names)
