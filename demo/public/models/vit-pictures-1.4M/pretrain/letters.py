"""Letters, digits and signs of Latin, Greek, Cyrillic and Japanese script, in fonts of npm's @fontsource packages."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from icons import SIDE, Drawing
from PIL import Image, ImageDraw, ImageFont

CHARACTERS = {
    "latin": "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!?&@#$%*+=/()[]{}<>;:~ßæøéñçü§£",
    "greek": "ΓΔΘΛΞΠΣΦΨΩαβγδεζηθλμξπρσφχψω",
    "cyrillic": "БГДЖЗИЙЛПФЦЧШЩЪЫЬЭЮЯбвгджзийклмптфцчшщъыьэюя",
    "hiragana": "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわをん",
    "katakana": "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲン",
}
# Subsets of fonts with another name.
SUBSETS = {"hiragana": "japanese", "katakana": "japanese"}
STYLES = ("400-normal", "700-normal", "400-italic")
SIZE, MARGIN = 56, 1.25


def draw_letters(folder: Path) -> Iterator[Drawing]:
    for family in sorted(path for path in folder.iterdir() if (path / "files").is_dir()):
        for script, characters in CHARACTERS.items():
            for style in STYLES:
                path = family / "files" / f"{family.name}-{SUBSETS.get(script, script)}-{style}.woff"
                if path.exists():
                    yield from draw_characters(path, characters)


def draw_characters(path: Path, characters: str) -> Iterator[Drawing]:
    """Those of the characters that the font has, in black."""
    font = ImageFont.truetype(str(path), SIZE)
    missing = font.getmask("\uffff")
    for character in characters:
        mask = font.getmask(character)
        if mask.getbbox() is None or (mask.size == missing.size and bytes(mask) == bytes(missing)):
            continue
        left, top, right, bottom = font.getbbox(character)
        side = int(max(right - left, bottom - top) * MARGIN) + 2
        image = Image.new("L", (side, side))
        corner = (side - left - right) / 2, (side - top - bottom) / 2
        ImageDraw.Draw(image).text(corner, character, 255, font)
        pixels = np.zeros((SIDE, SIDE, 4), np.uint8)
        pixels[..., 3] = np.asarray(image.resize((SIDE, SIDE), Image.Resampling.LANCZOS))
        yield "letter", character, pixels
