"""`python pooled.py REQUEST`: prints vectors from sentence-transformers, or logits from the class of an exported run.

REQUEST is a JSON file. { folder, texts } requests the vectors of texts from the model in a folder.
{ base, adapter, rows, modules } requests the logits of rows of ids from an adapter on a pooled base model. The base
model's class is in the folder `modules`.
"""

import json
import sys
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel


def main() -> None:
    request = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    print(json.dumps(vectors(request) if "texts" in request else logits(request)))


def vectors(request: Any) -> list[list[float]]:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(request["folder"], device="cpu")
    made: list[list[float]] = model.encode(request["texts"], show_progress_bar=False).tolist()
    return made


def logits(request: Any) -> list[list[float]]:
    sys.path.append(request["modules"])
    from pooled_classifier import pooled_base

    model = PeftModel.from_pretrained(pooled_base(request["base"], request["adapter"]), request["adapter"])
    with torch.no_grad():
        return [model(input_ids=torch.tensor([ids])).logits[0].tolist() for ids in request["rows"]]


main()
