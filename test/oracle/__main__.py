"""`python -m oracle make | check | release`, from `test/`."""

import argparse
import os
import sys


def main() -> None:
    parser = argparse.ArgumentParser(prog="oracle", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (
        ("make", "make test/golden anew"),
        ("check", "make it again, elsewhere, and compare; exit status 1 where anything is outside"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("--part", nargs="+", metavar="PART", help="base, cases, two_adapters, targeting, …")
        command.add_argument("--only", nargs="+", metavar="NAME", help="names of bases, cases, or files")
    commands.add_parser(
        "release", help="write the files of the release that is installed; of transformers 4, configs too"
    )
    arguments = parser.parse_args()
    if os.environ.get("PYTHONHASHSEED") != "0":
        parser.error(
            "expected PYTHONHASHSEED=0 in the environment, as PEFT writes target_modules in the order of a set"
        )
    sys.exit(run(arguments))


def run(arguments: argparse.Namespace) -> int:
    # torch is imported late, because that is slow and a wrong argument should be reported at once.
    import torch
    import transformers

    from .cases.releases import write_release
    from .check import check
    from .make import make

    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    if arguments.command == "make":
        make(arguments.part, arguments.only)
        return 0
    if arguments.command == "check":
        return check(arguments.part, arguments.only)
    write_release()
    return 0


if __name__ == "__main__":
    main()
