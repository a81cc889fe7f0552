"""Trains a voice by PEFT, on one core: writes NAME/adapter_config.json and NAME/adapter_model.safetensors.

usage: train.py NAME SOURCE STEPS [GGUF]

NAME is a reader of texts.py; SOURCE is its file or folder. The voice is one over prose-1.4M, or over the model in a GGUF file, into the folder
of the larger model's voices.
"""

import json
import math
import random
import sys
from pathlib import Path

import torch
from peft import VeraConfig, get_peft_model
from safetensors.torch import load_file, save_file
from texts import READERS
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerFast

HERE = Path(__file__).resolve().parent.parent
BASE = HERE.parent / "models/prose-1.4M"
TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
RANK = 64
# The settings for each base: the learning rate, the rows of a batch and their tokens, and the steps of the warm-up.
SMALL = {"rate": 8e-2, "batch": 8, "length": 160, "warm_up": 30}
LARGE = {"rate": 3e-2, "batch": 4, "length": 128, "warm_up": 8}
LARGER = HERE.parent.parent / "larger"
# Rows that are judged together.
JUDGED = 8
# Paragraphs are held out in blocks of so many.
BLOCK = 20


def runs_of(tokenizer, paragraphs: list[str], length: int) -> torch.Tensor:
    """Rows of `length` + 1 tokens, each from the start of a paragraph on, after the token that begins a document."""
    ids, starts = [], []
    for paragraph in paragraphs:
        starts.append(len(ids))
        ids += tokenizer.encode(paragraph + "\n\n", add_special_tokens=False)
    rows, after = [], 0
    for start in starts:
        if start < after or start + length > len(ids):
            continue
        rows.append([tokenizer.bos_token_id, *ids[start : start + length]])
        after = start + length // 2
    return torch.tensor(rows)


@torch.no_grad()
def perplexity(model, rows: torch.Tensor) -> float:
    losses = [model(input_ids=part, labels=part).loss.item() for part in rows.split(JUDGED)]
    return math.exp(sum(losses) / len(losses))


def load(gguf: str | None):
    """A base model and its tokenizer, the folder of its voices, and the settings of its training."""
    if gguf is None:
        base = AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.float32)
        return base, PreTrainedTokenizerFast.from_pretrained(BASE), HERE, SMALL
    file = Path(gguf)
    base = AutoModelForCausalLM.from_pretrained(file.parent, gguf_file=file.name, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name)
    return base, tokenizer, LARGER / file.name.split(".")[0] / "voices", LARGE


def main(name: str, source: str, steps: int, gguf: str | None = None) -> None:
    torch.manual_seed(0)
    torch.set_num_threads(1)
    base, tokenizer, voices, settings = load(gguf)
    rate, batch, length, warm_up = settings.values()
    paragraphs = READERS[name](source)
    blocks = [paragraphs[i : i + BLOCK] for i in range(0, len(paragraphs), BLOCK)]
    random.Random(0).shuffle(blocks)
    cut = max(1, len(blocks) // 20)
    parts = [[one for block in part for one in block] for part in (blocks[:cut], blocks[cut:])]
    held, learnt = (runs_of(tokenizer, part, length) for part in parts)
    held = held[torch.randperm(len(held))[: 8 * batch]]

    before = perplexity(base, held)
    config = VeraConfig(r=RANK, target_modules=TARGETS, task_type="CAUSAL_LM", save_projection=False, vera_dropout=0.0)
    model = get_peft_model(base, config)
    parameters = [one for one in model.parameters() if one.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=rate, weight_decay=0.0)
    order = torch.cat([torch.randperm(len(learnt)) for _ in range(1 + steps * batch // len(learnt))])
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = rate * min((step + 1) / warm_up, 0.5 + 0.5 * math.cos(math.pi * step / steps))
        rows = learnt[order[step * batch : (step + 1) * batch]]
        value = model(input_ids=rows, labels=rows).loss
        optimizer.zero_grad()
        value.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        if step % 100 == 99:
            print(f"{name}: step {step + 1} of {steps}, loss {value.item():.3f}, held out {perplexity(model, held):.1f}", flush=True)

    folder = voices / name
    model.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    saved = json.loads((folder / "adapter_config.json").read_text())
    saved["target_modules"].sort()
    saved["base_model_name_or_path"] = "prose-1.4M" if gguf is None else voices.parent.name
    (folder / "adapter_config.json").write_text(json.dumps(saved, indent=2, sort_keys=True) + "\n")
    if gguf is not None:  # half of the bytes, which a page loads after 98 MB
        file = folder / "adapter_model.safetensors"
        halves = {key: tensor.half() for key, tensor in load_file(file).items()}
        save_file(halves, file, metadata={"format": "pt"})
    print(f"{name}: {len(learnt)} rows of {length} tokens, {steps} steps: held-out perplexity {before:.1f} -> {perplexity(model, held):.1f}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), *sys.argv[4:])
