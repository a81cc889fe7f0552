"""Returns the versions of the packages, and the properties of the machine that affect rounding."""

import platform
from pathlib import Path

import peft
import torch
import transformers

TRANSFORMERS_5 = int(transformers.__version__.split(".")[0]) >= 5


def versions() -> dict[str, str]:
    return {
        "peft": peft.__version__,
        "transformers": transformers.__version__,
        "torch": torch.__version__,
        "python": platform.python_version(),
        "blas": _blas(),
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
    }


def _blas() -> str:
    """Returns the name of torch's BLAS library. Builds with MKL contain it; other builds load a library."""
    if torch.backends.mkl.is_available():  # type: ignore[no-untyped-call]
        return "mkl"
    maps = Path("/proc/self/maps")
    loaded = maps.read_text() if maps.exists() else ""
    return next((name for name in ("openblas", "blis", "atlas", "libblas") if name in loaded), "unknown")
