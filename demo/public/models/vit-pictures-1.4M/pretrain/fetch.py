"""Downloads the packages whose pictures the model is trained on and measured on, in fixed versions with fixed hashes.

usage: fetch.py PACKAGES        an empty folder, or one that this command filled in part

npm's packages come by `npm ci`, which checks the hashes in package-lock.json; Debian's by `apt-get download`.
"""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple


class DebianPackage(NamedTuple):
    name: str
    version: str
    sha256: str


DEBIAN = [
    DebianPackage(
        "dataset-fashion-mnist",
        "0.0~git20200523.55506a9-1",
        "39e172fe32dd318ebb3e512220c3beea2fa47d7e20bab348fb4e0922d6beefc0",
    ),
    DebianPackage(
        "openclipart-svg", "1:0.18+dfsg-19", "989712d90d57dfa3230049f553bb43b76c30ee4d4b8c5f6e106e33f7db5cbdc5"
    ),
    DebianPackage("budgie-backgrounds", "3.0-1", "b91c2d5209558bc11d8d3a161f22a608857e3f8c735980cfab0d6650b03014ca"),
    # Only evaluate.py reads this one.
    DebianPackage(
        "tuxpaint-stamps-default", "2025.03.31-1", "6312d03a37d0220b10fc91a7467bf2a2a2336e08c2f416de04311d25fd7aeacb"
    ),
]


def fetch_debian(package: DebianPackage, packages: Path) -> None:
    folder = packages / package.name
    if folder.exists():
        return
    work = packages / f"{package.name}.part"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    subprocess.run(["apt-get", "-qq", "download", f"{package.name}={package.version}"], cwd=work, check=True)
    [file] = work.iterdir()
    found = hashlib.sha256(file.read_bytes()).hexdigest()
    if found != package.sha256:
        raise ValueError(f"{file.name} has the SHA-256 {found}, not {package.sha256}")
    subprocess.run(["dpkg-deb", "-x", file, work], check=True)
    file.unlink()
    work.rename(folder)


def main(packages: Path) -> None:
    packages.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(Path(__file__).with_name(name), packages)
    subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=packages, check=True)
    for package in DEBIAN:
        fetch_debian(package, packages)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
