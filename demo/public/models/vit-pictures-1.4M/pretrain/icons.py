"""Icons and emoji of Iconify's sets, by the names of things, as pictures of 40×40 pixels."""

import io
import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import resvg_py
from PIL import Image

SIDE = 40
# Least mean of alpha, in bytes, for something to be seen.
LEAST_ALPHA = 4
# Kind, label and pixels (40, 40, 4).
Drawing = tuple[str, str, np.ndarray]
# By the names of sets.
Svgs = dict[str, list[str]]

# No copyleft, and nothing that excludes commercial use.
LICENCES = {"MIT", "Apache-2.0", "ISC", "CC0-1.0", "CC-BY-4.0", "CC-BY-3.0", "BSD-3-Clause", "Unlicense", "OFL-1.1"}
EMOJI_SETS = [
    "noto", "noto-v1", "twemoji", "fluent-emoji", "fluent-emoji-flat", "fluent-emoji-high-contrast", "emojione",
    "emojione-monotone",
]  # fmt: skip
# Logos and flags are named after firms and countries rather than things.
REFUSED_SETS = re.compile("logo|brand|flag|Emoji|Programming|Archive")
# Things that evaluate.py asks for: neither icons nor emoji of them, nor of what holds their names, are trained on.
HELD_BACK = [
    "star", "camera", "heart", "home", "key", "bell", "umbrella", "car", "trophy", "scissors", "apple", "fish", "moon",
    "cloud", "lock", "book", "gift", "rocket", "leaf", "glasses",
]  # fmt: skip
OTHER_NAMES = ["house", "crescent", "present", "spectacles", "unlock", "books", "hearts", "stars"]
HELD_BACK_WORD = re.compile(rf"(^|-)({'|'.join(HELD_BACK + OTHER_NAMES)})s?(-|$)")
STYLE = re.compile(
    r"-(outlined?|filled?|bold|solid|line|round(ed)?|sharp|duotone|thin|light|regular|two-?tone|broken|linear|ios|md|alt|"
    r"fill|\d+|mini|sm|lg|xs|small|large|variant|color|flat|simple|o)$"
)


def has_held_back_word(name: str) -> bool:
    return HELD_BACK_WORD.search(name) is not None


def base_name(name: str) -> str:
    """A thing's name, without the words that name a style."""
    while (shorter := STYLE.sub("", name)) != name:
        name = shorter
    return name


def read_set(folder: Path, prefix: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "json" / f"{prefix}.json").read_text())
    return content


def icon_sets(folder: Path) -> list[str]:
    """Sets of icons with a licence that allows it, except those of emoji, logos and flags."""
    collections = json.loads((folder / "collections.json").read_text())
    return [
        prefix
        for prefix, info in sorted(collections.items())
        if info["license"].get("spdx") in LICENCES
        and prefix not in EMOJI_SETS
        and not REFUSED_SETS.search(f"{info.get('category')}{prefix}")
    ]


def svgs_by_name(folder: Path, sets: list[str]) -> dict[str, Svgs]:
    found: dict[str, Svgs] = defaultdict(lambda: defaultdict(list))
    for prefix in sets:
        icon_set = read_set(folder, prefix)
        for name in sorted(icon_set["icons"]):
            found[base_name(name)][prefix].append(svg_of(icon_set, name))
    return found


def svg_of(icon_set: dict[str, Any], name: str) -> str:
    icon = icon_set["icons"][name]
    width, height = (icon.get(side, icon_set.get(side, 16)) for side in ("width", "height"))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'viewBox="{icon.get("left", 0)} {icon.get("top", 0)} {width} {height}">{icon["body"]}</svg>'
    )


def draw_svg(svg: str) -> np.ndarray | None:
    """Pixels (40, 40, 4) in bytes, not premultiplied, or None of what can't be drawn or isn't seen."""
    try:
        png = resvg_py.svg_to_bytes(svg_string=svg, width=SIDE, height=SIDE, skip_system_fonts=True)
    except ValueError:
        return None
    return centred(Image.open(io.BytesIO(bytes(png))).convert("RGBA"))


def centred(image: Image.Image) -> np.ndarray | None:
    """The image, made smaller where it is larger, in the middle of a square, or None where nothing is seen."""
    if image.size != (SIDE, SIDE):
        image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
        square = Image.new("RGBA", (SIDE, SIDE))
        square.paste(image, ((SIDE - image.width) // 2, (SIDE - image.height) // 2))
        image = square
    pixels = np.asarray(image)
    return pixels if pixels[..., 3].mean() > LEAST_ALPHA else None
