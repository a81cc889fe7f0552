"""Records what PEFT does in odd situations: its errors, its warnings, or its results."""

import tempfile
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..places import Json, write_json
from ..versions import versions
from .errors_in_files import file_situations
from .errors_on_models import model_situations
from .scene import TARGETS, R, Scene

ABOUT = (
    f"what PEFT does in odd situations, on base/opt with r={R} and target_modules {', '.join(TARGETS)} unless said: "
    "the error, the warnings, or the result (DIR stands for the adapter's folder)"
)
NEITHER_HERE_NOR_THERE = "will assume that the vocabulary"
"""Part of a warning to ignore: when PEFT saves, it looks for the base model on the hub and doesn't find it."""


def make_errors(root: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        scene = Scene(root / "base", Path(folder))
        situations = {**model_situations(scene), **file_situations(scene)}
        rows = [{"situation": name, **_outcome(action, folder)} for name, action in situations.items()]
    write_json(root / "errors.json", {"about": ABOUT, "versions": versions(), "rows": rows})


def _outcome(action: Callable[[], Json], folder: str) -> Mapping[str, Any]:
    row: dict[str, Any] = {}
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        try:
            result = action()
        except Exception as error:
            row["error"] = {"type": type(error).__name__, "message": str(error).replace(folder, "DIR")}
        else:
            row["result"] = "no error" if result is None else result
    told = [
        f"{it.category.__name__}: {str(it.message).replace(folder, 'DIR')}"
        for it in seen
        if "peft" in it.filename and NEITHER_HERE_NOR_THERE not in str(it.message)
    ]
    return {**row, **({"warnings": list(dict.fromkeys(told))} if told else {})}
