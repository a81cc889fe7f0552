"""Writes a model folder like facebook/opt-125m's main branch of 2022: random weights of its shapes in half precision,
no tokenizer.json, and tensor names without the prefix `model.`.

A test runs `opt_folder.py FOLDER TEXT-FILE`. Prints AutoTokenizer's ids of some texts: [[TEXT, IDS], ...].
"""

import json
import sys
from pathlib import Path
from typing import Any

import torch
from tokenizers import ByteLevelBPETokenizer
from transformers import AutoTokenizer, OPTConfig, OPTForCausalLM
from transformers.utils import logging

VOCABULARY = 50_265
TEXTS = ["Call me Ishmael.", " The whale, the whale!", "naïve 鯨 🐋\n\ttwo", ""]


def token(content: str) -> dict[str, Any]:
    fields = {"lstrip": False, "normalized": True, "rstrip": False, "single_word": False, "__type": "AddedToken"}
    return {"content": content} | fields


def write_tokenizer(folder: Path, text: Path) -> None:
    trained = ByteLevelBPETokenizer()
    trained.train([str(text)], vocab_size=8_000, special_tokens=["<s>", "<pad>", "</s>", "<unk>"], show_progress=False)
    trained.save_model(str(folder))
    path = folder / "vocab.json"
    vocabulary = json.loads(path.read_text(encoding="utf-8"))
    # Fills the vocabulary up to the real model's size. No text uses these entries.
    unused = {f"<unused{number}>": number for number in range(len(vocabulary), VOCABULARY)}
    path.write_text(json.dumps(vocabulary | unused, ensure_ascii=False), encoding="utf-8")
    named = {name: token("</s>") for name in ("bos_token", "eos_token", "unk_token")} | {"pad_token": token("<pad>")}
    about = {"errors": "replace", "add_prefix_space": False, "add_bos_token": True, "tokenizer_class": "GPT2Tokenizer"}
    (folder / "special_tokens_map.json").write_text(json.dumps(named))
    (folder / "tokenizer_config.json").write_text(json.dumps(named | about))


def write_model(folder: Path) -> None:
    torch.manual_seed(0)
    model = OPTForCausalLM(OPTConfig(vocab_size=50_272))
    state = model.half().state_dict()
    tensors = {name.removeprefix("model."): tensor for name, tensor in state.items() if name != "lm_head.weight"}
    torch.save(tensors, folder / "pytorch_model.bin")
    model.config.architectures = ["OPTForCausalLM"]
    model.config.save_pretrained(folder)


def main() -> None:
    folder, text = Path(sys.argv[1]), Path(sys.argv[2])
    write_tokenizer(folder, text)
    write_model(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    print(json.dumps([[text, tokenizer(text).input_ids] for text in TEXTS]))


if __name__ == "__main__":
    torch.set_num_threads(1)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    main()
