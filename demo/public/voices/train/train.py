"""Trains a voice over prose-1.4M by PEFT, on one core: writes NAME/adapter_config.json and NAME/adapter_model.safetensors.

usage: train.py NAME SOURCE STEPS        NAME is a reader of texts.py; SOURCE is its file or folder.
"""

import json
import math
import random
import sys
from pathlib import Path

import torch
from peft import VeraConfig, get_peft_model
from texts import READERS
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast

HERE = Path(__file__).resolve().parent.parent
BASE = HERE.parent / "models/prose-1.4M"
TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
RANK, RATE, BATCH, LENGTH, WARM_UP = 64, 8e-2, 8, 160, 30
# Paragraphs are held out in blocks of so many.
BLOCK = 20


def runs_of(tokenizer, paragraphs: list[str]) -> torch.Tensor:
    """Rows of LENGTH + 1 tokens, each from the start of a paragraph on, after the token that begins a document."""
    ids, starts = [], []
    for paragraph in paragraphs:
        starts.append(len(ids))
        ids += tokenizer.encode(paragraph + "\n\n", add_special_tokens=False)
    rows, after = [], 0
    for start in starts:
        if start < after or start + LENGTH > len(ids):
            continue
        rows.append([tokenizer.bos_token_id, *ids[start : start + LENGTH]])
        after = start + LENGTH // 2
    return torch.tensor(rows)


@torch.no_grad()
def perplexity(model, rows: torch.Tensor) -> float:
    losses = [model(input_ids=part, labels=part).loss.item() for part in rows.split(BATCH)]
    return math.exp(sum(losses) / len(losses))


def main(name: str, source: str, steps: int) -> None:
    torch.manual_seed(0)
    torch.set_num_threads(1)
    tokenizer = PreTrainedTokenizerFast.from_pretrained(BASE)
    paragraphs = READERS[name](source)
    blocks = [paragraphs[i : i + BLOCK] for i in range(0, len(paragraphs), BLOCK)]
    random.Random(0).shuffle(blocks)
    cut = max(1, len(blocks) // 20)
    held, learnt = (runs_of(tokenizer, [one for block in part for one in block]) for part in (blocks[:cut], blocks[cut:]))
    held = held[torch.randperm(len(held))[:64]]

    base = AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.float32)
    before = perplexity(base, held)
    config = VeraConfig(r=RANK, target_modules=TARGETS, task_type="CAUSAL_LM", save_projection=False, vera_dropout=0.0)
    model = get_peft_model(base, config)
    parameters = [one for one in model.parameters() if one.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=RATE, weight_decay=0.0)
    order = torch.cat([torch.randperm(len(learnt)) for _ in range(1 + steps * BATCH // len(learnt))])
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = RATE * min((step + 1) / WARM_UP, 0.5 + 0.5 * math.cos(math.pi * step / steps))
        rows = learnt[order[step * BATCH : (step + 1) * BATCH]]
        value = model(input_ids=rows, labels=rows).loss
        optimizer.zero_grad()
        value.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        if step % 100 == 99:
            print(f"{name}: step {step + 1} of {steps}, loss {value.item():.3f}, held out {perplexity(model, held):.1f}", flush=True)

    folder = HERE / name
    model.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    saved = json.loads((folder / "adapter_config.json").read_text())
    saved["base_model_name_or_path"] = "prose-1.4M"
    (folder / "adapter_config.json").write_text(json.dumps(saved, indent=2, sort_keys=True) + "\n")
    print(f"{name}: {len(learnt)} rows of {LENGTH} tokens, {steps} steps: held-out perplexity {before:.1f} -> {perplexity(model, held):.1f}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
