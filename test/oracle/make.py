"""Generates everything in `test/golden` except the files of older releases."""

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from .cases.bases import make_base
from .cases.case import make_case
from .cases.cases import CASES
from .cases.families import BASES
from .cases.two_adapters import PAIRS, make_pair
from .errors.errors import make_errors
from .errors.targeting import make_modules, make_targeting
from .gguf.gguf_files import make_gguf_files
from .gguf.gguf_models import FAMILIES
from .index import write_index
from .numbers.activations import make_activations
from .numbers.image_features import make_image_features
from .numbers.images import make_images
from .numbers.l2_normalize import make_l2_normalize
from .numbers.lora_init import make_lora_init
from .numbers.positions import make_positions
from .numbers.prng import make_prng
from .numbers.regression import make_regression
from .numbers.rope import make_rope
from .numbers.short_conv import make_short_conv
from .numbers.torch_files import make_torch_files
from .places import GOLDEN, OF_TRANSFORMERS_4, OF_VERSION_4
from .preferences.dpo import make_dpo
from .preferences.kto import make_kto
from .texts.chat import make_chat
from .texts.encoding import make_encoding
from .texts.sampling import make_sampling
from .texts.sentences import make_sentences
from .texts.stop_strings import make_stop_strings
from .texts.vocabulary_files import make_vocabulary_files
from .texts.words import make_words


@dataclass(frozen=True)
class Item:
    """A file or folder of `test/golden`, which one call of `make` writes."""

    part: str
    name: str
    path: str
    make: Callable[[Path], None]
    bases: tuple[str, ...] = ()


def items() -> Iterable[Item]:
    for name in BASES:
        yield Item("base", name, f"base/{name}", partial(_make_base, name=name))
    for name, case in CASES.items():
        yield Item("cases", name, f"cases/{name}", partial(make_case, name=name), (case.base,))
    for name, pair in PAIRS.items():
        yield Item("two_adapters", name, f"cases/{name}", partial(make_pair, name=name), (pair.base,))
    yield Item("targeting", "targeting", "targeting.json", make_targeting)
    yield Item("modules", "modules", "modules.json", make_modules)
    yield Item("errors", "errors", "errors.json", make_errors, ("opt", "gpt2", "roberta"))
    yield Item("prng", "prng", "prng.json", make_prng)
    yield Item("lora_init", "lora_init", "lora_init.json", make_lora_init)
    yield Item("sampling", "sampling", "sampling.json", make_sampling)
    yield Item("sentences", "sentences", "sentences.json", make_sentences)
    yield Item("stop_strings", "stop_strings", "stop_strings.json", make_stop_strings)
    yield Item("chat", "chat", "chat.json", make_chat)
    yield Item("encoding", "encoding", "encoding.json", make_encoding)
    yield Item("words", "words", "words.json", make_words)
    yield Item("activations", "activations", "activations.json", make_activations)
    yield Item("l2_normalize", "l2_normalize", "l2_normalize.json", make_l2_normalize)
    yield Item("short_conv", "short_conv", "short_conv.json", make_short_conv)
    yield Item("image_features", "image_features", "image_features.json", make_image_features, ("clip", "siglip"))
    yield Item("positions", "positions", "positions.json", make_positions)
    yield Item("rope", "rope", "rope.json", make_rope)
    yield Item("regression", "regression", "regression.json", make_regression)
    yield Item("dpo", "dpo", "dpo.json", make_dpo, ("llama", "gpt2", "qwen2"))
    yield Item("kto", "kto", "kto.json", make_kto, ("llama", "gpt2", "qwen2"))
    yield Item("torch_files", "torch_files", "torch_files.json", make_torch_files)
    yield Item("vocabulary_files", "vocabulary_files", "vocabulary_files.json", make_vocabulary_files)
    yield Item("gguf", "gguf", "gguf.json", make_gguf_files, tuple(FAMILIES))
    yield Item("images", "images", "images.json", make_images)


def _make_base(root: Path, name: str) -> None:
    make_base(root / "base" / name, name)


PARTS = tuple(dict.fromkeys(item.part for item in items()))


def chosen(parts: Sequence[str] | None, only: Sequence[str] | None) -> list[Item]:
    _refuse_others(parts, PARTS)
    of_parts = [item for item in items() if parts is None or item.part in parts]
    _refuse_others(only, [item.name for item in of_parts])
    return [item for item in of_parts if only is None or item.name in only]


def _refuse_others(asked: Sequence[str] | None, known: Sequence[str]) -> None:
    if others := [name for name in asked or () if name not in known]:
        raise SystemExit(f"expected some of {', '.join(known)}, got {', '.join(others)}")


def build(root: Path, item: Item) -> None:
    """Generates an item in `root`. Its base models are those in `root`, copies of those in `test/golden`, or new
    ones."""
    for name in item.bases:
        folder = root / "base" / name
        if folder.exists():
            continue
        if (GOLDEN / "base" / name).exists():
            shutil.copytree(GOLDEN / "base" / name, folder)
        else:
            make_base(folder, name)
    # PEFT writes the base model's path relative to the current folder.
    with contextlib.chdir(root):
        item.make(root)


def make(parts: Sequence[str] | None, only: Sequence[str] | None) -> None:
    wanted = chosen(parts, only)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        for item in wanted:
            print(f"{item.part}: {item.name}", flush=True)
            build(root, item)
        for item in wanted:
            _publish(root, item)
    if parts is None and only is None:
        _remove_others(wanted)
    write_index()


def _publish(root: Path, item: Item) -> None:
    made, target = root / item.path, GOLDEN / item.path
    if made.is_file():
        shutil.copyfile(made, target)
        return
    kept = (target / OF_VERSION_4).read_bytes() if (target / OF_VERSION_4).exists() else None
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(made, target)
    if kept is not None:
        (target / OF_VERSION_4).write_bytes(kept)


def _remove_others(wanted: Sequence[Item]) -> None:
    """Removes the folders of items that no longer exist."""
    paths = {item.path for item in wanted} | OF_TRANSFORMERS_4
    for kind in ("base", "cases"):
        for folder in (GOLDEN / kind).iterdir():
            if f"{kind}/{folder.name}" not in paths:
                shutil.rmtree(folder)
