"""The paths of fixtures, and the format of their JSON."""

import json
from pathlib import Path
from typing import Any

ORACLE = Path(__file__).parent
GOLDEN = ORACLE.parent / "golden"

OF_VERSION_4 = "config_v4.json"
"""The name of the file, in a base model's folder, with the model's configuration in the format of transformers 4."""

OF_TRANSFORMERS_4 = frozenset({"base/vit-v4", "cases/vit_v4names_mid"})
"""Folders of `test/golden` that transformers 4 wrote. Later releases name ViT's modules differently and draw
different weights, so these folders are never generated again."""

Json = Any
"""Any value that `json` can read and write."""


def read_json(path: Path) -> Json:
    return json.loads(path.read_text(encoding="utf-8"))


def write_json(path: Path, value: Json) -> None:
    """Writes JSON indented by one space. A value that fits on one line is written on one line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_lines(value, 0) + "\n", encoding="utf-8")


def _lines(value: Json, indent: int) -> str:
    flat = json.dumps(value, ensure_ascii=False)
    numbers = isinstance(value, list) and all(isinstance(item, int | float) for item in value)
    if not isinstance(value, list | dict) or not value or numbers or len(flat) + indent <= 118:
        return flat
    space = "\n" + " " * (indent + 1)
    if isinstance(value, dict):
        items = [f"{json.dumps(key, ensure_ascii=False)}: {_lines(item, indent + 1)}" for key, item in value.items()]
        return "{" + space + ("," + space).join(items) + "\n" + " " * indent + "}"
    return "[" + space + ("," + space).join(_lines(item, indent + 1) for item in value) + "\n" + " " * indent + "]"


def plain(value: Json) -> Json:
    """Converts a configuration's fields to JSON values: sets become sorted lists, other objects strings."""
    return json.loads(json.dumps(value, default=lambda it: sorted(it) if isinstance(it, set) else str(it)))
