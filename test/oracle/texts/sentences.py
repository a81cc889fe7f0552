"""Records text vectors from sentence-transformers, and the model files that it reads."""

import base64
import re
import shutil
import string
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sentence_transformers
import torch
from safetensors.torch import load_file
from sentence_transformers import SentenceTransformer
from sentence_transformers.models import Dense, Normalize, Pooling, Transformer
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import AutoModel, PreTrainedTokenizerFast

from ..places import GOLDEN, ORACLE, Json, read_json, write_json
from ..versions import versions

ABOUT = (
    "Vectors that SentenceTransformer.encode makes of texts, in seven digits. Each folder is a base model with `files` "
    "beside it, as sentence-transformers wrote them or, where `written` says so, as an earlier release did."
)
BOOK = ORACLE.parents[1] / "demo" / "public" / "text" / "moby-dick.txt"
ODD = ["", " ", "a", "Whale", "  two  spaces ", "42, 7 and 1851!", "naïve café", "???", "x " * 60, "One. Two. Three."]
PAIRS = [("the whale", "the ship"), ("a", "b" * 50), ("c" * 50, "d" * 50)]
NETWORKS = (
    "bert",
    "roberta",
    "distilbert",
    "modernbert",
    "vit",
    "dinov2",
    "gpt2",
    "opt",
    "falcon",
    "qwen2",
    "gemma3",
    "gemma3-both-ways",
    "phi3",
)
IMAGES, PIXELS = "vit_mid", "input.0.pixel_values"
DENSE_SEED = 1482
SMALLEST_ID_LIMIT = 96
"""The number of token ids that all base models have."""


@dataclass(frozen=True)
class Folder:
    base: str
    tokens: tuple[str, str, str]
    """The tokens for padding, for the beginning of a text ('' for none) and for its end."""
    first_ids: tuple[str, ...]
    """The tokens with the lowest ids, in order."""
    modes: tuple[str, ...] = ()
    """Pooling modes; empty for a folder without modules.json."""
    dense: tuple[tuple[int, int, bool, torch.nn.Module], ...] = ()
    """The layers after the pooling: input and output width, whether there is a bias, and the activation."""
    normalize: bool = False
    safe: bool = True
    """Whether these layers are stored as safetensors. Otherwise they are stored as torch does."""
    max_length: int = 38
    side: str = "right"
    written: Mapping[str, Json] = field(default_factory=dict)
    """Contents of files, by name, that replace or complete those that the installed release writes."""
    texts: int = 50
    pairs: bool = False


BERT: dict[str, Any] = {
    "base": "bert",
    "tokens": ("[PAD]", "[CLS]", "[SEP]"),
    "first_ids": ("[PAD]", "[UNK]", "[CLS]", "[SEP]"),
}
ROBERTA: dict[str, Any] = {
    "base": "roberta",
    "tokens": ("<pad>", "<s>", "</s>"),
    "first_ids": ("<s>", "<pad>", "</s>", "<unk>"),
}
MODERNBERT: dict[str, Any] = {
    "base": "modernbert",
    "tokens": ("[PAD]", "[CLS]", "[SEP]"),
    "first_ids": ("[PAD]", "[CLS]", "[SEP]", "[UNK]"),
}
GEMMA3: dict[str, Any] = {
    "base": "gemma3-both-ways",
    "tokens": ("<pad>", "<bos>", "<eos>"),
    "first_ids": ("<bos>", "<eos>", "<pad>", "<unk>"),
}
QWEN3: dict[str, Any] = {
    "base": "qwen3",
    "tokens": ("<|endoftext|>", "", "<|endoftext|>"),
    "first_ids": ("<|im_start|>", "<|im_end|>", "<|endoftext|>", "<unk>"),
}
QWEN2: dict[str, Any] = {
    "base": "qwen2",
    "tokens": ("<pad>", "", "</s>"),
    "first_ids": ("<s>", "</s>", "<pad>", "<unk>"),
}


def _earlier(**pooling: Json) -> dict[str, Json]:
    """Returns the files as sentence-transformers 2 writes them."""
    types = {"": "Transformer", "1_Pooling": "Pooling"}
    modules = [
        {"idx": idx, "name": str(idx), "path": path, "type": f"sentence_transformers.models.{name}"}
        for idx, (path, name) in enumerate(types.items())
    ]
    return {
        "modules.json": modules,
        "sentence_bert_config.json": {"max_seq_length": 24, "do_lower_case": False},
        "1_Pooling/config.json": {"word_embedding_dimension": 32, **pooling},
    }


FOLDERS: dict[str, Folder] = {
    "BERT, mean, normalised": Folder(**BERT, modes=("mean",), normalize=True),
    "BERT, cls, earlier files": Folder(
        **BERT,
        modes=("cls",),
        written=_earlier(pooling_mode_cls_token=True, pooling_mode_mean_tokens=False, pooling_mode_max_tokens=False),
    ),
    "ModernBERT, cls": Folder(**MODERNBERT, modes=("cls",), texts=12, pairs=True),
    "RoBERTa, max": Folder(**ROBERTA, modes=("max",)),
    "Qwen2, last token, padded on the right": Folder(**QWEN2, modes=("lasttoken",), normalize=True),
    "Qwen2, last token, padded on the left": Folder(**QWEN2, modes=("lasttoken",), normalize=True, side="left"),
    "BERT, several modes": Folder(
        **BERT, modes=("weightedmean", "mean", "cls", "max"), normalize=True, texts=12, pairs=True
    ),
    "BERT, several modes, earlier files": Folder(
        **BERT,
        modes=("mean",),
        texts=12,
        written=_earlier(
            pooling_mode_lasttoken=True,
            pooling_mode_mean_sqrt_len_tokens=True,
            pooling_mode_mean_tokens=True,
            pooling_mode_max_tokens=True,
        ),
    ),
    "Qwen2, weighted mean, padded on the left": Folder(**QWEN2, modes=("weightedmean",), side="left", texts=12),
    "Qwen2, a prompt that doesn't count": Folder(
        **QWEN2,
        modes=("mean", "cls", "weightedmean"),
        texts=12,
        written={
            "config_sentence_transformers.json": {
                "prompts": {"query": "Find: ", "document": ""},
                "default_prompt_name": "query",
            },
            "1_Pooling/config.json": {
                "embedding_dimension": 32,
                "pooling_mode": ["mean", "cls", "weightedmean"],
                "include_prompt": False,
            },
        },
    ),
    "BERT without modules": Folder(**BERT, texts=12, pairs=True),
    "Gemma 3, two layers after the mean, as in EmbeddingGemma": Folder(
        **GEMMA3,
        modes=("mean",),
        dense=((32, 14, False, torch.nn.Identity()), (14, 6, False, torch.nn.Identity())),
        normalize=True,
        texts=12,
    ),
    "BERT, a layer after cls, as in LaBSE": Folder(
        **BERT,
        modes=("cls",),
        dense=((32, 10, True, torch.nn.Tanh()),),
        normalize=True,
        safe=False,
        texts=12,
        pairs=True,
    ),
    "Qwen3, last token, as in Qwen3-Embedding": Folder(
        **QWEN3,
        modes=("lasttoken",),
        normalize=True,
        side="left",
        texts=12,
        written={
            "config_sentence_transformers.json": {
                "prompts": {"query": "Instruct: find\nQuery:", "document": ""},
                "default_prompt_name": None,
            }
        },
    ),
}


def make_sentences(root: Path) -> None:
    rows = []
    for situation, folder in FOLDERS.items():
        with tempfile.TemporaryDirectory() as place:
            rows.append({"situation": situation, "base": folder.base} | _row(Path(place), folder))
    document = {
        "about": ABOUT,
        "versions": versions() | {"sentence_transformers": sentence_transformers.__version__},
        "texts": _texts(),
        "pairs": PAIRS,
        "networks": {base: _network(base) for base in NETWORKS},
        "image": {"case": IMAGES, "vectors": _image_vectors()},
        "rows": rows,
    }
    write_json(root / "sentences.json", document)


def _network(base: str) -> Json:
    """Returns the class and the module names of transformers' network without a head."""
    model = AutoModel.from_pretrained(GOLDEN / "base" / base)
    return {"class": type(model).__name__, "modules": [name for name, _ in model.named_modules() if name]}


def _image_vectors() -> Json:
    """Returns ViTModel's vectors of a golden case's images: the first token's hidden state after the last norm."""
    case = GOLDEN / "cases" / IMAGES
    pixels = load_file(case / "tensors.safetensors")[PIXELS]
    model = AutoModel.from_pretrained(GOLDEN / read_json(case / "case.json")["base"])
    with torch.no_grad():
        hidden = model(pixel_values=pixels).last_hidden_state
    return [_digits(vector) for vector in hidden[:, 0].tolist()]


def _texts() -> list[str]:
    """Returns unusual texts, then lines of the book, each one character longer than the previous one."""
    lines = [line.strip() for line in BOOK.read_text(encoding="utf-8").split("\n") if len(line) > 50]
    return [*ODD, *(line[: 2 + index] for index, line in enumerate(lines[: 50 - len(ODD)]))]


def _row(place: Path, folder: Folder) -> Json:
    plain, whole = place / "plain", place / "whole"
    shutil.copytree(GOLDEN / "base" / folder.base, plain)
    _tokenizer(folder).save_pretrained(plain)
    if folder.modes:
        torch.manual_seed(DENSE_SEED)
        dense = [Dense(width, out, bias, activation) for width, out, bias, activation in folder.dense]
        modules = [Transformer(str(plain)), Pooling(32, folder.modes), *dense]
        model = SentenceTransformer(modules=[*modules, *([Normalize()] if folder.normalize else [])])
        model.save(str(whole), safe_serialization=folder.safe)
    else:
        shutil.copytree(plain, whole)
    if "modules.json" in folder.written:
        for file in _files_of_modules(whole):
            (whole / file).unlink(missing_ok=True)
    for file, contents in folder.written.items():
        write_json(whole / file, contents)
    model = SentenceTransformer(str(whole), device="cpu")
    model.tokenizer.padding_side = folder.side
    inputs = [*_texts()[: folder.texts], *(PAIRS if folder.pairs else [])]
    vectors = model.encode(inputs, batch_size=8, show_progress_bar=False)
    tokens = {} if folder.side == "right" else {"tokens": _tokens(model, inputs[:8])}
    return {
        "files": _contents(whole),
        **_weights(whole),
        **tokens,
        "vectors": [_digits(vector) for vector in vectors.tolist()],
    }


def _tokens(model: SentenceTransformer, inputs: Sequence[Sequence[str]]) -> Json:
    """Returns the ids and the mask of these texts as one batch."""
    made = model.preprocess(inputs)
    return {name: made[name].tolist() for name in ("input_ids", "attention_mask")}


def _weights(folder: Path) -> Json:
    """Returns the weights of the layers after the pooling, in base64, by the names of their files."""
    files = [*folder.glob("*_Dense/*.safetensors"), *folder.glob("*_Dense/*.bin")]
    weights = {
        file.relative_to(folder).as_posix(): base64.b64encode(file.read_bytes()).decode() for file in sorted(files)
    }
    return {"weights": weights} if weights else {}


def _files_of_modules(folder: Path) -> Iterable[str]:
    return [
        name
        for path in sorted(folder.rglob("*.json"))
        if re.match(r"\d_|modules|sentence_|config_sent", name := path.relative_to(folder).as_posix())
    ]


def _contents(folder: Path) -> Json:
    files = {name: read_json(folder / name) for name in _files_of_modules(folder)}
    files.get("config_sentence_transformers.json", {}).pop("__version__", None)
    return files | {name: read_json(folder / name) for name in ("tokenizer.json", "tokenizer_config.json")}


def _digits(numbers: list[float]) -> list[float]:
    return [float(f"{number:.7g}") for number in numbers]


def _tokenizer(folder: Folder) -> PreTrainedTokenizerFast:
    """Makes a tokenizer of single characters. Its ids are within the base models' vocabulary."""
    pad, before, after = folder.tokens
    letters = string.ascii_lowercase + string.digits
    tokens = [*folder.first_ids, *letters, *(f"##{letter}" for letter in letters), *".,;:!'\"-()?"]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    assert len(vocabulary) <= SMALLEST_ID_LIMIT
    unknown = next(token for token in folder.first_ids if "unk" in token.lower())
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token=unknown))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = [(token, vocabulary[token]) for token in (before, after) if token]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{before} $A {after}".strip(),
        pair=f"{before} $A {after} $B:1 {after}:1".strip(),
        special_tokens=special,
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=pad,
        eos_token=after,
        unk_token=unknown,
        model_max_length=folder.max_length,
        padding_side=folder.side,
        model_input_names=["input_ids", *(["token_type_ids"] if folder.base == "bert" else []), "attention_mask"],
    )
