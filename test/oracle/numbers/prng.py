"""Records `vera_A` and `vera_B` for many keys and shapes: as PEFT draws them, and as computed by `emulate`."""

import hashlib
import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ..versions import versions

KEYS = [0, 1, 42, 2147483648, 1099511627776, 4294967295, 4294967338, -1]
SHAPES = [  # r, in, out
    (1, 1, 1),
    (3, 5, 7),
    (4, 32, 96),
    (8, 128, 128),
    (64, 288, 768),
    (256, 768, 3072),
    (1024, 4864, 896),
    (1024, 896, 4864),
]
SHOWN = 64
"""How many of the first and of the last values are written as bits."""

Floats = NDArray[np.float32]

ABOUT = (
    "vera_A (r, in) and vera_B (out, r) as PEFT draws them from projection_prng_key, A first and B after it from the "
    "same generator; sha256 is over the raw little-endian float32 bytes in row-major order. The bits (hex of the "
    f"uint32) are of the first and last {SHOWN} values (fewer where the tensor has fewer)."
)
FUSED = (
    "torch's vectorised CPU build (capability AVX2 and above) rounds u*(hi-lo)+lo once (fused multiply-add); a build "
    "or machine without it rounds twice, which moves about half of the values by one unit in the last place. sha256 "
    "and the bits are of the fused form, as drawn; *_unfused are the other form, computed."
)


def emulate(key: int, r: int, max_in: int, max_out: int) -> Iterator[tuple[Floats, Floats]]:
    """Computes A, then B, from numpy's 32-bit Mersenne Twister. Yields each as (unfused, fused) numbers, which are
    rounded twice (after the multiplication and after the addition) or only once."""
    twister = np.random.MT19937()
    twister._legacy_seeding(key & 0xFFFFFFFF)
    words = twister.random_raw(r * max_in + max_out * r)
    uniform = (words & 0xFFFFFF).astype(np.float32) * np.float32(2.0**-24)
    for part, fan in ((uniform[: r * max_in], max_in), (uniform[r * max_in :], r)):
        bound = math.sqrt(3.0) * (math.sqrt(2.0) / math.sqrt(fan))
        low, high = np.float32(-bound), np.float32(bound)
        plain = part * (high - low) + low
        # The product of two float32 numbers is exact in float64, so only the conversion to float32 rounds noticeably.
        fused = (part.astype(np.float64) * np.float64(high - low) + np.float64(low)).astype(np.float32)
        yield plain, fused


def make_prng(root: Path) -> None:
    rows = []
    checked = {"values": 0, "differ_from_fused_emulation": 0, "differ_from_unfused_emulation": 0}
    for key in KEYS:
        for r, max_in, max_out in SHAPES:
            row: dict[str, Any] = {"key": str(key), "r": r, "in": max_in, "out": max_out}
            pairs = zip(_draw(key, r, max_in, max_out), emulate(key, r, max_in, max_out), strict=True)
            for name, (drawn, (plain, fused)) in zip(("vera_A", "vera_B"), pairs, strict=True):
                values = np.ascontiguousarray(drawn.ravel())
                checked["values"] += values.size
                checked["differ_from_fused_emulation"] += int((values != fused).sum())
                checked["differ_from_unfused_emulation"] += int((values != plain).sum())
                row[name] = {
                    "shape": list(drawn.shape),
                    "sha256": sha256(values),
                    "sha256_unfused": sha256(plain),
                    "first_bits": bits(values[:SHOWN]),
                    "last_bits": bits(values[-SHOWN:]),
                    "first_unfused_bits": bits(plain[:8]),
                    "first": values[:4].tolist(),
                    "last": values[-4:].tolist(),
                }
            rows.append(json.dumps(row, separators=(",", ":")))
    head = {"about": ABOUT, "fused": FUSED, "versions": versions(), "emulation_check": checked}
    # Each row of the table is on its own line.
    text = json.dumps(head, indent=1)[:-2] + ',\n "rows": [\n' + ",\n".join(rows) + "\n ]\n}\n"
    (root / "prng.json").write_text(text, encoding="utf-8")


def drawn_hashes(key_and_shapes: Sequence[Sequence[int]]) -> list[list[str]]:
    """Returns the hashes of A and B for each row (key, r, in, out)."""
    return [[sha256(values) for values in _draw(*row)] for row in key_and_shapes]


def _draw(key: int, r: int, max_in: int, max_out: int) -> tuple[Floats, Floats]:
    from peft.tuners.vera.model import _kaiming_init

    generator = torch.Generator(device="cpu").manual_seed(key)
    A = _kaiming_init((r, max_in), generator=generator)
    B = _kaiming_init((max_out, r), generator=generator)
    return A.numpy(), B.numpy()


def sha256(values: Floats) -> str:
    return hashlib.sha256(np.ascontiguousarray(values, dtype="<f4").tobytes()).hexdigest()


def bits(values: Floats) -> list[str]:
    return [f"{word:08x}" for word in np.ascontiguousarray(values).view("<u4")]
