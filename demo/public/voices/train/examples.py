"""Lets the base model and every voice go on from the same words: writes examples.json, which the page shows at first.

usage: examples.py SEED        With several seeds it prints all texts, so that one can be picked, and writes those of the last.
"""

import json
import sys

import torch
from peft import PeftModel
from texts import READERS
from train import BASE, HERE
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast

PROMPT, TOKENS = "It was a cold morning, and the king", 56
SAMPLING = {"do_sample": True, "temperature": 0.6, "top_p": 0.9, "top_k": 40, "repetition_penalty": 1.05}


@torch.no_grad()
def main(seeds: list[int]) -> None:
    tokenizer = PreTrainedTokenizerFast.from_pretrained(BASE)
    start = torch.tensor([[tokenizer.bos_token_id, *tokenizer.encode(PROMPT, add_special_tokens=False)]])

    def text_of(model, seed: int) -> str:
        torch.manual_seed(seed)
        ids = model.generate(input_ids=start, max_new_tokens=TOKENS, **SAMPLING)[0, start.shape[1] :]
        return tokenizer.decode(ids, skip_special_tokens=True)

    models = {"before": AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.float32)}
    for name in READERS:
        base = AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.float32)
        models[name] = PeftModel.from_pretrained(base, HERE / name)
    for seed in seeds:
        texts = {name: text_of(model, seed) for name, model in models.items()}
        for name, text in texts.items():
            print(f"{seed} {name}: {PROMPT}{text}\n")
    examples = {"prompt": PROMPT, "before": texts.pop("before"), "after": texts}
    (HERE / "examples.json").write_text(json.dumps(examples, indent=2, sort_keys=True) + "\n")


if __name__ == "__main__":
    main([int(seed) for seed in sys.argv[1:]])
