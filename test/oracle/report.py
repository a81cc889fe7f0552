"""Collects differences, and prints them as a table."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from .places import Json

LONGEST = 160


@dataclass
class Numbers:
    compared: int = 0
    difference: float = 0.0
    """The difference that is largest relative to its tolerance."""
    allowed: float = math.inf
    where: str = ""


@dataclass
class Exact:
    compared: int = 0
    differ: int = 0


@dataclass(frozen=True)
class Near:
    """A rule for comparing numbers: a name for what they measure, shown in the report, and a tolerance."""

    kind: str
    allowed: float


Rule = Callable[[str], Near | str | None]
"""Returns how to compare the value at a path in JSON: a tolerance, the kind of a value that must be equal, or None
to skip it."""


@dataclass
class Report:
    numbers: dict[str, Numbers] = field(default_factory=dict)
    exact: dict[str, Exact] = field(default_factory=dict)
    outside: list[str] = field(default_factory=list)

    def near(self, kind: str, where: str, difference: float, allowed: float) -> None:
        row = self.numbers.setdefault(kind, Numbers())
        row.compared += 1
        if not _share(difference, allowed) <= _share(row.difference, row.allowed) or row.where == "":
            row.difference, row.allowed, row.where = difference, allowed, where
        if not difference <= allowed:
            self.outside.append(f"{where}: {kind} differ by {difference:.2g}, allowed {allowed:.2g}")

    def equal(self, kind: str, where: str, committed: Json, now: Json) -> None:
        same: bool = committed == now
        self.same(kind, where, same, f"{_short(committed)} is now {_short(now)}")

    def same(self, kind: str, where: str, same: bool, otherwise: str) -> None:
        row = self.exact.setdefault(kind, Exact())
        row.compared += 1
        if not same:
            row.differ += 1
            self.outside.append(f"{where}: {otherwise}")

    def json(self, where: str, committed: Json, now: Json, rule: Rule, path: str = "") -> None:
        """Compares two documents. `rule` decides how a path such as `expect.train.0.losses.3` is compared."""
        if isinstance(committed, dict) and isinstance(now, dict):
            keys: Iterable[str] = dict.fromkeys([*committed, *now])
            pairs = {key: (committed.get(key, ABSENT), now.get(key, ABSENT)) for key in keys}
        elif isinstance(committed, list) and isinstance(now, list) and len(committed) == len(now):
            pairs = {str(index): pair for index, pair in enumerate(zip(committed, now, strict=True))}
        else:
            self._leaf(where, committed, now, rule, path)
            return
        for key, (old, new) in pairs.items():
            self.json(where, old, new, rule, f"{path}.{key}" if path else key)

    def _leaf(self, where: str, committed: Json, now: Json, rule: Rule, path: str) -> None:
        ruled = rule(path)
        if ruled is None:
            return
        if isinstance(ruled, str):
            self.equal(ruled, f"{where}: {path}", committed, now)
        elif isinstance(committed, int | float) and isinstance(now, int | float):
            self.near(ruled.kind, f"{where}: {path}", abs(committed - now), ruled.allowed)
        else:
            self.equal(ruled.kind, f"{where}: {path}", committed, now)

    def print(self, then: Sequence[Mapping[str, str]], now: Mapping[str, str]) -> None:
        for name in now:
            made = ", ".join(dict.fromkeys(of[name] for of in then if name in of))
            print(f"{name:16}made with {made}, now {now[name]}")
        numbers = [
            (kind, str(it.compared), f"{it.difference:.1e}", f"{it.allowed:.1e}", it.where)
            for kind, it in self.numbers.items()
        ]
        _table(("numbers", "compared", "worst", "allowed", "where it is worst"), numbers)
        exact = [(kind, str(it.compared), str(it.differ)) for kind, it in self.exact.items()]
        _table(("to be equal", "compared", "differ"), exact)
        print()
        for line in self.outside:
            print(f"- {line}")
        compared = sum(it.compared for it in self.numbers.values()) + sum(it.compared for it in self.exact.values())
        print(f"{len(self.outside)} of {compared} are outside")


ABSENT = "(absent)"


def _share(difference: float, allowed: float) -> float:
    """A difference as a share of its tolerance; infinite if no difference is allowed."""
    if difference == 0:
        return 0.0
    return difference / allowed if allowed > 0 else math.inf


def _short(value: Json) -> str:
    text = str(value).replace("\n", " ")
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    if not rows:
        return
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    print()
    for row in (head, *rows):
        cells = (
            text.ljust(width) if column in (0, 4) else text.rjust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        print("  ".join(cells).rstrip())
