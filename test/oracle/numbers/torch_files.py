"""Records files that torch.save writes for state dicts and for other objects."""

import base64
import io
import os
from collections import OrderedDict
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch

from ..places import Json, write_json
from ..versions import versions

ABOUT = (
    "files as torch.save writes them, in base64, and their tensors: dtype as safetensors calls it, shape, and bytes of "
    "the elements in order, in base64. Those without tensors are no state dicts, or not to be opened."
)

DTYPES = {
    torch.float32: "F32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.float64: "F64",
    torch.int64: "I64",
    torch.int32: "I32",
    torch.int16: "I16",
    torch.int8: "I8",
    torch.uint8: "U8",
    torch.bool: "BOOL",
}


BEFORE_1_6 = {"_use_new_zipfile_serialization": False}


class Calls:
    """An object that makes Python's pickle run a shell command when a file with it is read."""

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, ("echo opened",)


def make_torch_files(root: Path) -> None:
    rows = [
        _row("all dtypes", {name: torch.arange(3).to(dtype) for dtype, name in DTYPES.items()}),
        _row("views", _views()),
        _row("a module's state, with what torch notes on it", torch.nn.Linear(3, 2).state_dict()),
        _row("parameters", OrderedDict(torch.nn.Linear(3, 2).named_parameters())),
        _row("many", {f"layer.{index}.weight": torch.full((2,), float(index)) for index in range(40)}),
        _row("protocol 3", {"a": torch.arange(4.0)}, pickle_protocol=3),
        _row("none", {}),
        *[_row(f"{situation}, before PyTorch 1.6", state, **BEFORE_1_6) for situation, state in _old().items()],
        _refused("protocol 4", {"a": torch.arange(4.0)}, pickle_protocol=4),
        _refused("a whole module", torch.nn.Linear(3, 2)),
        _refused("a tensor", torch.arange(4.0)),
        _refused("a dict in a dict", {"model": {"a": torch.arange(4.0)}}),
        _refused("a number beside a tensor", {"a": torch.arange(4.0), "epoch": 3}),
        _refused("what repeats elements", {"a": torch.arange(4.0)[:1].expand(100)}),
        _refused("what calls something", {"a": torch.arange(4.0), "b": Calls()}),
        _refused("what calls something, before PyTorch 1.6", {"a": torch.arange(4.0), "b": Calls()}, **BEFORE_1_6),
    ]
    write_json(root / "torch_files.json", {"about": ABOUT, "versions": versions(), "rows": rows})


def _old() -> dict[str, dict[str, torch.Tensor]]:
    return {
        "all dtypes": {name: torch.arange(3).to(dtype) for dtype, name in DTYPES.items()},
        "views": _views(),
        "a module's state": torch.nn.Linear(3, 2).state_dict(),
        "many": {f"layer.{index}.weight": torch.full((2,), float(index)) for index in range(40)},
        "none": {},
    }


def _views() -> dict[str, torch.Tensor]:
    whole = torch.arange(24, dtype=torch.float32).reshape(2, 3, 4)
    return {
        "whole": whole,
        "tied": whole,
        "turned": whole.permute(2, 0, 1),
        "part": whole[1:, 1:, 1:3],
        "every other": whole[:, ::2],
        "row": whole[1, 2],
        "one": whole[1, 2, 3],
        "no elements": whole[:, :0],
        "scalar": torch.tensor(2.5),
    }


def _row(situation: str, state: dict[str, torch.Tensor], **options: Any) -> Json:
    tensors = {name: _tensor(tensor.detach()) for name, tensor in state.items()}
    return {"situation": situation, "file": _saved(state, **options), "tensors": tensors}


def _refused(situation: str, what: Any, **options: Any) -> Json:
    return {"situation": situation, "file": _saved(what, **options), "tensors": None}


def _tensor(tensor: torch.Tensor) -> Json:
    elements = tensor.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes() if tensor.numel() > 0 else b""
    return {"dtype": DTYPES[tensor.dtype], "shape": list(tensor.shape), "bytes": base64.b64encode(elements).decode()}


def _saved(what: Any, **options: Any) -> str:
    torch.manual_seed(0)
    file = io.BytesIO()
    # Before PyTorch 1.6, storages were named by their addresses. Here they are counted, so that files don't change.
    keys: dict[int, int] = {}
    key = property(lambda storage: 94_000_000_000_000 + keys.setdefault(storage.data_ptr(), 7 * len(keys)))
    with patch.object(torch.UntypedStorage, "_cdata", key) if options == BEFORE_1_6 else nullcontext():
        torch.save(what, file, **options)
    return base64.b64encode(file.getvalue()).decode()
