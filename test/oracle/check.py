"""Generates everything in `test/golden` again with the installed releases, and reports differences."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from .cases.releases import RELEASES
from .committed import look_at_case, look_at_prng, look_at_release
from .compare import compare_base, compare_case, compare_table
from .index import INDEX, index_of_cases
from .make import Item, build, chosen
from .places import GOLDEN, read_json
from .report import Report
from .versions import versions


def check(parts: Sequence[str] | None, only: Sequence[str] | None) -> int:
    """Prints a table of differences. Returns 1 if any of them exceeds its tolerance, otherwise 0."""
    report = Report()
    wanted = chosen(parts, only)
    with tempfile.TemporaryDirectory() as folder:
        for item in wanted:
            print(f"{item.part}: {item.name}", flush=True)
            # Bases have their own folder, so that cases use the committed bases even if the new ones differ.
            root = Path(folder).resolve() / ("bases" if item.part == "base" else "others")
            root.mkdir(exist_ok=True)
            _attempt(report, item.name, partial(_compare, report, item, root))
    if parts is None and only is None:
        report.equal("the index of cases", INDEX, read_json(GOLDEN / INDEX), index_of_cases())
        for release in sorted(folder.name for folder in RELEASES.iterdir()):
            _attempt(report, f"releases/{release}", partial(look_at_release, report, release))
    print()
    report.print([made for item in wanted if (made := _versions_of(item))], versions())
    return 1 if report.outside else 0


def _compare(report: Report, item: Item, root: Path) -> None:
    committed, now = GOLDEN / item.path, root / item.path
    if not committed.exists():
        raise FileNotFoundError(f"test/golden has no {item.path}: make it first")
    build(root, item)
    if item.part == "base":
        compare_base(report, item.name, committed, now)
    elif committed.is_dir():
        compare_case(report, item.name, committed, now)
        # Only the cases of VeRA have this folder.
        if item.part == "cases" and (committed / "adapter_noproj").exists():
            look_at_case(report, item.name)
    else:
        compare_table(report, item.name, committed, now)
        if item.part == "prng":
            look_at_prng(report)


def _attempt(report: Report, name: str, action: Callable[[], Any]) -> None:
    """Runs `action`, and reports an error as a difference, because another release may lack a name or reject a call."""
    try:
        action()
    except Exception as error:
        first_line = str(error).strip().split("\n")[0]
        report.same("things that can be made", name, False, f"{type(error).__name__}: {first_line}")
    else:
        report.same("things that can be made", name, True, "")


def _versions_of(item: Item) -> Mapping[str, str]:
    path = GOLDEN / item.path
    file = path / "case.json" if path.is_dir() else path
    document = read_json(file) if file.exists() else {}
    found: Mapping[str, str] = document.get("versions", {})
    return found
