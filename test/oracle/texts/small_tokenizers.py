"""Trains the tokenizers of `test/oracle/tokenizers`: `python -m oracle.texts.small_tokenizers`.

They aren't generated together with the fixtures, because each training orders the ids differently.
"""

import json

from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from ..places import ORACLE, Json, write_json

FOLDER = ORACLE / "tokenizers"
BOOK = ORACLE.parents[1] / "demo" / "public" / "text" / "moby-dick.txt"
LEARNED = 20_000
"""The number of the book's characters on which the tokenizers are trained."""


def train() -> None:
    lines = BOOK.read_text(encoding="utf-8")[:LEARNED].split("\n")
    FOLDER.mkdir(exist_ok=True)
    _word_pieces(lines, lowercase=True).save(str(FOLDER / "bert_uncased.json"))
    _word_pieces(lines, lowercase=False).save(str(FOLDER / "bert_cased.json"))
    _bytes(lines).save(str(FOLDER / "roberta.json"))
    write_json(FOLDER / "llama.json", _pieces(lines))


def _word_pieces(lines: list[str], lowercase: bool) -> Tokenizer:
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    alphabet = [*"éïÅ東京海𠮷🙂«½²カ한", *"οδσς"]
    trainer = trainers.WordPieceTrainer(vocab_size=400, special_tokens=special, initial_alphabet=alphabet)
    tokenizer.train_from_iterator(lines, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS]:0 $A:0 [SEP]:0",
        pair="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    return tokenizer


def _bytes(lines: list[str]) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=480,
        special_tokens=["<s>", "<pad>", "</s>", "<unk>", AddedToken("<mask>", lstrip=True, special=True)],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator(lines, trainer)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    return tokenizer


def _pieces(lines: list[str]) -> Json:
    """Returns a tokenizer like Llama 2's."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    special = ["<unk>", "<s>", "</s>"]
    every_byte = [f"<0x{byte:02X}>" for byte in range(256)]
    words = [word for line in lines for word in line.split(" ")]
    tokenizer.train_from_iterator(words, trainers.BpeTrainer(vocab_size=480, special_tokens=special + every_byte))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s>:1 $B:1", special_tokens=[("<s>", 1)]
    )
    definition: Json = json.loads(tokenizer.to_str())
    added = [token for token in definition["added_tokens"] if token["content"] in special]
    return definition | {"added_tokens": added}


if __name__ == "__main__":
    train()
