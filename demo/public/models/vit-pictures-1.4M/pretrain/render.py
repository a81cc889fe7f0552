"""Renders letters, emoji, icons and clip art, and cuts photographs, at 40×40 pixels: OUT/drawn.npz and OUT/photos.npy.

usage: render.py PACKAGES OUT        PACKAGES is what fetch.py filled

drawn.npz holds `pixels` (N, 40, 40, 4) in bytes, not premultiplied, with `kinds` and `labels` (N); photos.npy bytes of
(N, 3, 40, 40).
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from icons import (
    EMOJI_SETS,
    HELD_BACK,
    SIDE,
    Drawing,
    Svgs,
    centred,
    draw_svg,
    has_held_back_word,
    icon_sets,
    svgs_by_name,
)
from letters import draw_letters
from PIL import Image

LEAST_SETS, MOST_IMAGES, MOST_HELD_BACK = 10, 18, 60
LEAST_EMOJI_SETS = 4
LEAST_CLIP_ART, MOST_CLIP_ART, MOST_BYTES = 8, 150, 300_000
CROPS, LEAST_CROP = 160, 70


def draw_icons(folder: Path) -> Iterator[Drawing]:
    """Of things that ten sets name, one icon of each set, then second ones, until there are enough."""
    draws = np.random.default_rng(0)
    for name, by_set in sorted(svgs_by_name(folder, icon_sets(folder)).items()):
        is_held_back = name in HELD_BACK
        if len(by_set) < LEAST_SETS or (has_held_back_word(name) and not is_held_back):
            continue
        for svg in ranked(by_set, draws)[: MOST_HELD_BACK if is_held_back else MOST_IMAGES]:
            if (pixels := draw_svg(svg)) is not None:
                yield "held-back icon" if is_held_back else "icon", name, pixels


def ranked(by_set: Svgs, draws: np.random.Generator) -> list[str]:
    shuffled = ([svgs[i] for i in draws.permutation(len(svgs))] for svgs in by_set.values())
    return [
        svg for _, _, svg in sorted((order, draws.random(), svg) for svgs in shuffled for order, svg in enumerate(svgs))
    ]


def draw_emoji(folder: Path) -> Iterator[Drawing]:
    """One of each set, without other tones of skin."""
    for name, by_set in sorted(svgs_by_name(folder, EMOJI_SETS).items()):
        if len(by_set) < LEAST_EMOJI_SETS or "skin-tone" in name or has_held_back_word(name):
            continue
        for svgs in by_set.values():
            if (pixels := draw_svg(svgs[0])) is not None:
                yield "emoji", name, pixels


def draw_clip_art(folder: Path) -> Iterator[Drawing]:
    """Labelled by the folder's name."""
    for directory in sorted({path.parent for path in folder.rglob("*.svg")}):
        files = sorted(directory.glob("*.svg"))
        if len(files) < LEAST_CLIP_ART or {"unsorted", "special"} & set(directory.parts):
            continue
        draws = np.random.default_rng(0)
        for path in sorted(files[i] for i in draws.permutation(len(files))[:MOST_CLIP_ART]):
            if path.stat().st_size <= MOST_BYTES and (pixels := draw_svg(path.read_text(errors="replace"))) is not None:
                yield "clip art", str(directory.relative_to(folder)), pixels


def draw_rendered_emoji(folder: Path, names: dict[str, str], known: set[str]) -> Iterator[Drawing]:
    """Emoji rendered from models in space. `names` are those of code points."""
    for path in sorted(folder.glob("*.webp")):
        name = names.get(path.stem) or names.get(path.stem.replace("-fe0f", ""))
        if name in known and (pixels := centred(Image.open(path).convert("RGBA"))) is not None:
            yield "emoji", name, pixels


def crop_photos(folder: Path) -> np.ndarray:
    draws = np.random.default_rng(0)
    crops = []
    for path in sorted(folder.rglob("*.jpg")):
        image = Image.open(path).convert("RGB")
        image.thumbnail((1600, 1600), Image.Resampling.LANCZOS)
        for _ in range(CROPS):
            side = int(np.exp(draws.uniform(np.log(LEAST_CROP), np.log(min(image.size)))))
            left, top = (int(draws.integers(length - side + 1)) for length in image.size)
            crop = image.crop((left, top, left + side, top + side)).resize((SIDE, SIDE), Image.Resampling.LANCZOS)
            crops.append(np.asarray(crop).transpose(2, 0, 1))
    return np.stack(crops)


def drawings(packages: Path) -> Iterator[Drawing]:
    modules = packages / "node_modules"
    icons = modules / "@iconify/json"
    yield from draw_letters(modules / "@fontsource")
    emoji = list(draw_emoji(icons))
    yield from emoji
    yield from draw_icons(icons)
    yield from draw_clip_art(packages / "openclipart-svg/usr/share/openclipart/svg")
    known = {name for _, name, _ in emoji}
    yield from draw_rendered_emoji(modules / "@lobehub/fluent-emoji-3d/assets", emoji_names(icons), known)


def emoji_names(folder: Path) -> dict[str, str]:
    """By code points, as in 1f600."""
    from icons import base_name, read_set

    return {code: base_name(name) for code, name in read_set(folder, "noto")["chars"].items()}


def main(packages: Path, out: Path) -> None:
    drawn = list(drawings(packages))
    kinds, labels, pixels = (np.array(column) for column in zip(*drawn, strict=True))
    for kind in np.unique(kinds):
        of_kind = labels[kinds == kind]
        print(f"{kind}: {len(of_kind)} images of {len(np.unique(of_kind))} names", flush=True)
    out.mkdir(parents=True, exist_ok=True)
    np.savez(out / "drawn.npz", kinds=kinds, labels=labels, pixels=pixels)
    np.save(out / "photos.npy", crop_photos(packages / "budgie-backgrounds"))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
